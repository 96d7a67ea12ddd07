// XDS attributes and their data types. IHE ITI TF-3 4.2.3.1.7.
#include "ihe/xds/attribute.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "fhir/hex.h"
#include "ihe/wire/hl7v2.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return fhir::hex_digit(c) >= 0; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

int digits(std::string_view text, std::size_t at, std::size_t size) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + size, value);
  return value;
}

std::string two(unsigned value) { return {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)}; }

}  // namespace

std::string_view component(std::string_view text, std::size_t number, char separator) {
  for (std::size_t i = 1; i < number; ++i) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + 1);
  }
  return text.substr(0, text.find(separator));
}

std::string written(std::string_view text) { return hl7v2::escape(text, {}); }

std::string plain(std::string_view written) {
  if (written.find('\\') == std::string_view::npos) return std::string(written);
  return hl7v2::unescape(written, {});
}

std::string Cx::text() const {
  std::string out = written(id) + "^^^&" + authority + "&ISO";
  if (!type.empty() || !home.empty()) out += "^" + type;
  if (!home.empty()) out += "^" + home;
  return out;
}

std::optional<Cx> cx_of(std::string_view text) {
  Cx cx;
  cx.id = plain(component(text, 1));
  if (cx.id.empty()) return std::nullopt;
  const auto authority = component(text, 4);
  const auto oid = component(authority, 2, '&');
  if (is_oid(oid) && component(authority, 3, '&') == "ISO") cx.authority = oid;
  cx.type = component(text, 5);
  cx.home = component(text, 6);
  return cx;
}

std::optional<Span> dtm_of(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 4 || text.size() > 14 || text.size() % 2 || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  const auto part = [&](std::size_t at, int absent) { return text.size() > at ? digits(text, at, 2) : absent; };
  const auto first_day = year_month_day(year(digits(text, 0, 4)), month(static_cast<unsigned>(part(4, 1))),
                                        day(static_cast<unsigned>(part(6, 1))));
  const int hour = part(8, 0), minute = part(10, 0), second = part(12, 0);
  if (!first_day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto low = sys_days(first_day) + hours(hour) + minutes(minute) + seconds(second);
  const auto next = [&]() -> sys_seconds {
    switch (text.size()) {
      case 4:
        return sys_days(first_day + years(1));
      case 6:
        return sys_days(first_day + months(1));
      case 8:
        return low + days(1);
      case 10:
        return low + hours(1);
      case 12:
        return low + minutes(1);
      default:
        return low + seconds(1);
    }
  }();
  return Span{low.time_since_epoch().count() * std::int64_t{1000},
              next.time_since_epoch().count() * std::int64_t{1000} - 1};
}

std::string dtm_text(std::int64_t milliseconds) {
  using namespace std::chrono;
  const sys_seconds at(seconds(milliseconds / 1000));
  const auto date = floor<days>(at);
  const year_month_day day(date);
  const hh_mm_ss time(at - date);
  auto digits_of_year = std::to_string(static_cast<int>(day.year()));
  digits_of_year.insert(0, digits_of_year.size() < 4 ? 4 - digits_of_year.size() : 0, '0');
  return digits_of_year + two(static_cast<unsigned>(day.month())) + two(static_cast<unsigned>(day.day())) +
         two(static_cast<unsigned>(time.hours().count())) + two(static_cast<unsigned>(time.minutes().count())) +
         two(static_cast<unsigned>(time.seconds().count()));
}

std::vector<Code> codes_of(const RegistryObject& object, std::string_view scheme) {
  std::vector<Code> codes;
  for (const auto& label : object.classifications)
    if (label.scheme == scheme) codes.push_back(code_of(label));
  return codes;
}

std::string_view unique_id_scheme(Kind kind) {
  return kind == Kind::document_entry   ? scheme::entry_unique_id
         : kind == Kind::submission_set ? scheme::set_unique_id
                                        : scheme::folder_unique_id;
}

std::string_view patient_id_scheme(Kind kind) {
  return kind == Kind::document_entry   ? scheme::entry_patient_id
         : kind == Kind::submission_set ? scheme::set_patient_id
                                        : scheme::folder_patient_id;
}

void set_patient_id(RegistryObject& object, std::string_view cx) {
  for (auto& label : object.identifiers)
    if (label.scheme == patient_id_scheme(object.kind)) label.value = cx;
}

int version_of(std::string_view version_name) {
  if (version_name.empty()) return 1;
  int number = 0;
  const auto* last = version_name.data() + version_name.size();
  const auto [end, error] = std::from_chars(version_name.data(), last, number);
  return error == std::errc() && end == last && number > 0 ? number : 0;
}

bool is_on_demand(std::string_view object_type) { return object_type == scheme::on_demand; }

bool is_relationship(std::string_view type) {
  constexpr std::array types{relation::rplc,      relation::xfrm,  relation::apnd,
                             relation::xfrm_rplc, relation::signs, relation::is_snapshot_of};
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool replaces(std::string_view type) { return type == relation::rplc || type == relation::xfrm_rplc; }

std::string id_of(std::string_view given) {
  std::string id(given);
  std::transform(id.begin(), id.end(), id.begin(), lower);
  return is_uuid(id) ? id : std::string(given);
}

bool is_uuid(std::string_view id) {
  if (!id.starts_with(uuid_prefix)) return false;
  id.remove_prefix(uuid_prefix.size());
  if (id.size() != 36) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-' : !is_hex(id[i]) || id[i] != lower(id[i])) return false;
  }
  return true;
}

bool is_oid(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool is_sha1(std::string_view text) { return text.size() == 40 && std::all_of(text.begin(), text.end(), is_hex); }

bool same_hash(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::all_of(text.begin(), text.end(), is_digit);
}

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::document_entry:
      return "DocumentEntry";
    case Kind::submission_set:
      return "SubmissionSet";
    case Kind::folder:
      return "Folder";
    case Kind::association:
      break;
  }
  return "Association";
}

}  // namespace ihe::xds
