// The README's list of what works is made from the rows; ALZETTE_ACCEPT=1 (./dev map) writes it anew.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "fhir/definitions.h"
#include "ihe/restful.h"
#include "ihe/transaction.h"
#include "src/operation/operation.h"
#include "src/rest/interaction.h"
#include "tests/places.h"

namespace {

const std::string path = std::string(places::source) + "/README.md";
constexpr std::string_view opening = "<!-- rows -->\n", closing = "<!-- end of rows -->\n";

std::string read_readme() {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string what_works() {
  std::map<std::string, std::string> requests;
  for (const auto* row : alzette::rest::interactions()) {
    if (row->code == "operation") continue;  // listed by their own rows
    std::string& list = requests[std::string(row->code)];
    if (!list.empty()) list += ", ";
    list.append("`").append(row->method).append(" /").append(row->path).append(row->conditional ? "?…`" : "`");
  }
  std::string text = "| interaction | requests below `/fhir` |\n|---|---|\n";
  for (const auto& [code, list] : requests) text += "| " + code + " | " + list + " |\n";
  std::set<std::string_view> codes;  // an operation may have a row for each of its levels
  for (const auto* operation : alzette::operation::operations()) codes.insert(operation->code);
  std::string operations;
  for (const auto code : codes) operations.append(operations.empty() ? "`$" : ", `$").append(code).append("`");
  if (!operations.empty()) text += "\nOperations: " + operations + ".\n";
  std::map<std::string, std::string> transactions;
  const auto add = [&transactions](const auto& row, std::string_view door) {
    auto& line = transactions[std::string(row.id)];
    for (const auto cell : {row.id, row.name, row.actor, door}) line.append("| ").append(cell).append(" ");
    line += "|\n";
  };
  for (const auto* row : ihe::transactions()) add(*row, ihe::word_of(row->door));
  for (const auto* row : ihe::restful()) add(*row, "FHIR");
  if (!transactions.empty()) text += "\n| transaction | name | actor | door |\n|---|---|---|---|\n";
  for (const auto& [id, line] : transactions) text += line;
  std::size_t types = 0;
  std::set<std::string_view> parameters;
  for (const fhir::Type& type : fhir::definitions().types) {
    types += type.kind == fhir::TypeKind::resource && !type.abstract;
    for (const fhir::SearchParameter& parameter : type.search)
      if (parameter.url.view().starts_with("http://hl7.org/fhir/")) parameters.insert(parameter.url);
  }
  return text + "\nAll of them for the " + std::to_string(types) + " resource types of R4, which have " +
         std::to_string(parameters.size()) + " search parameters together.\n";
}

}  // namespace

TEST_CASE("readme: the list of what works is that of the rows") {
  std::string readme = read_readme();
  std::size_t begin = readme.find(opening), end = readme.find(closing);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  begin += opening.size();
  if (std::getenv("ALZETTE_ACCEPT"))
    std::ofstream(path, std::ios::binary) << readme.replace(begin, end - begin, what_works());
  else
    CHECK_MESSAGE(readme.substr(begin, end - begin) == what_works(), "run ./dev map");
}

TEST_CASE("readme: every room of the map exists") {
  std::string readme = read_readme();
  int rooms = 0;
  for (std::size_t at = readme.find("\n| `"); at != std::string::npos; at = readme.find("\n| `", at + 1)) {
    std::string name = readme.substr(at + 4, readme.find('`', at + 4) - at - 4);
    if (!name.ends_with('/')) continue;
    ++rooms;
    CHECK_MESSAGE(std::filesystem::is_directory(std::string(places::source) + "/" + name), name);
  }
  CHECK(rooms >= 5);
}
