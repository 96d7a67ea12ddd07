// Rows of the index tables on their way in. They are gathered for a whole group of batches and laid down table by
// table in key order, so that neighbouring rows meet the same pages.
#pragma once

#include <memory_resource>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fhir/store.h"
#include "src/store/posting.h"
#include "src/store/sqlite/connection.h"

namespace alzette::store::sqlite {

class IndexRows {
 public:
  explicit IndexRows(Connection& connection) : connection_(connection) {}

  // All postings of one version, sorted by parameter.
  void add(fhir::Key key, std::span<const Posting> postings);
  // The marked words of one version, for the text index.
  void add_words(fhir::Key key, std::string words);
  std::size_t size() const { return size_; }
  // Whether a token with that code (as it stands in the table) is among the rows that are not written yet.
  bool holds_token(Name parameter, std::string_view code);
  void flush();           // writes them
  std::size_t compare();  // instead looks for each; answers how many are not there as they should be
  void clear();           // forgets them
  std::uint64_t rows() const { return written_; }  // written or compared so far

 private:
  struct Token {
    Name parameter;
    bool any_code;  // the second row of a token, for searches by system
    std::string_view code;
    Name system;
    fhir::Key key;
    std::int64_t rest;
  };
  struct Text {
    Name parameter;
    std::string_view value;
    fhir::Key key;
    std::int64_t rest;
  };
  struct Date {
    Name parameter;
    std::int64_t bucket, at, other;
    fhir::Key key;
    std::int64_t rest;
  };
  struct Number {
    Name parameter;
    double value;
    fhir::Key key;
    std::int64_t rest;
  };
  struct Quantity {
    Name parameter;
    std::int64_t canonical;
    double value;
    std::string_view code;
    Name system;
    fhir::Key key;
    std::int64_t rest;
  };
  struct Reference {
    Name parameter;
    Rid target;
    fhir::Key key;
  };
  struct Composite {
    Name parameter;
    std::string_view first;
    double second;
    fhir::Key key;
  };

  // The statements of one pass: each takes the columns of its table in order.
  struct Pass {
    const char* token = nullptr;
    const char* string = nullptr;
    const char* uri = nullptr;
    const char* date = nullptr;
    const char* number = nullptr;
    const char* quantity = nullptr;
    const char* reference = nullptr;
    const char* composite = nullptr;
  };
  // `one`: for a row each; `many`: for several, where there is such a statement. Answers how many found a row.
  std::size_t run(const Pass& one, const Pass& many);
  template <class Row, class Bind>
  std::size_t lay_down(const std::vector<Row>& rows, const char* one, const char* many, const Bind& bind);

  void add_value(fhir::Key key, Name parameter, const Value& value, std::int64_t rest);
  void add_composite(fhir::Key key, const Posting& posting);
  std::string_view keep(std::string_view text, std::size_t most);

  Connection& connection_;
  std::pmr::monotonic_buffer_resource texts_;
  // The codes of one parameter among the first `seen` tokens.
  struct Codes {
    std::size_t seen = 0;
    std::unordered_set<std::string_view> codes;
  };

  std::vector<Token> tokens_;
  std::unordered_map<Name, Codes> asked_;  // parameters that holds_token() was asked for
  std::vector<Text> strings_;
  std::vector<Text> uris_;
  std::vector<Date> dates_;
  std::vector<Number> numbers_;
  std::vector<Quantity> quantities_;
  std::vector<Reference> references_;
  std::vector<Composite> composites_;
  std::vector<std::pair<fhir::Key, std::string>> words_;
  std::size_t size_ = 0;
  std::uint64_t written_ = 0;
};

// Adds the words of a parameter to the text of a version: each carries the parameter's number.
void mark_words(Name parameter, std::string_view words, std::string& text);

// What the composite table holds of a composite posting.
struct CompositeRow {
  std::string_view first;
  double second = 0;
  double upper = 0;  // of a range; then the row stands a second time, with it
};
CompositeRow composite_row(const Posting& posting);

// Whether each posting of a run with one parameter is neither the smallest (bit 0) nor the largest (bit 1).
std::int64_t rest_of(std::span<const Posting> run, const Value& value);

}  // namespace alzette::store::sqlite
