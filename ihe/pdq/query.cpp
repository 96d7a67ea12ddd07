// From fields of PID to criteria.
#include "ihe/pdq/query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/digest.h"
#include "fhir/hex.h"
#include "fhir/utf8.h"
#include "ihe/pix/pid.h"
#include "ihe/wire/acknowledge.h"

namespace ihe::pdq {
namespace {

using hl7v2::Fault;
using identity::Criterion;
using identity::Field;

struct Text {
  std::string_view field;
  Field criterion;
  bool anywhere = false;  // a part of a number
};
constexpr std::array<Text, 18> texts{{{"5.1", Field::family},
                                      {"5.1.1", Field::family},
                                      {"5.2", Field::given},
                                      {"5.3", Field::given},
                                      {"6.1", Field::mother_name},
                                      {"6.1.1", Field::mother_name},
                                      {"6.2", Field::mother_name},
                                      {"11.1", Field::street},
                                      {"11.1.1", Field::street},
                                      {"11.3", Field::city},
                                      {"11.4", Field::state},
                                      {"11.5", Field::postal_code},
                                      {"11.6", Field::country},
                                      {"13.1", Field::phone},
                                      {"13.6", Field::phone, true},
                                      {"13.7", Field::phone, true},
                                      {"13.12", Field::phone},
                                      {"13.4", Field::phone}}};

// An identifier comes in pieces: @PID.3.1, @PID.3.4.1, @PID.3.4.2, @PID.3.4.3.
struct Pieces {
  std::string_view field;
  Field criterion;
  std::string value, name, universal_id, type;
  bool any = false;
};

// Class, location, the doctors, service, number: those of ITI TF-2 table 3.22-4 (3.22.4.1.2.2.1), of which each is
// found again in the answer (table 3.22-9).
constexpr std::array<std::size_t, 8> visit_fields{2, 3, 7, 8, 9, 10, 17, 19};

// What a query is called between its messages: by its sender and its tag, QPD-2.
std::string name_of(const std::string& sender, const std::string& tag) { return "PDQ " + sender + " " + tag; }

class QueryReader {
 public:
  QueryReader(const Site& site, const Message& asked, bool of_visits)
      : site_(site), message_(*asked.v2), sender_(asked.sender), of_visits_(of_visits) {}

  Query read(const hl7v2::Segment& qpd) {
    std::size_t at = 0;
    for (const auto& parameter : message_.repetitions(qpd, 3)) {
      ++at;
      const auto text = parameter.component(1);
      auto value = parameter.component(2);
      if (of_visits_ && text.starts_with("@PV1.")) {
        if (!value.empty() && !take_visit(text.substr(5), std::move(value)))
          refuse(at, "This server does not search visits by " + fhir::shortened(text, 20));
      } else if (!text.starts_with("@PID.")) {
        refuse(at, "A parameter must name a field of PID: @PID.5.1.1");
      } else if (!value.empty() && !take(text.substr(5), std::move(value))) {
        refuse(at, "This server does not search by " + fhir::shortened(text, 20));
      }
    }
    for (auto& one : ids_) finish(one);
    domains(qpd);
    page(qpd);
    if (query_.demographics.criteria.empty() && query_.visits.empty() && query_.faults.empty())
      query_.faults.push_back({"QPD^1^3", "101", "The query has no parameter"});
    return std::move(query_);
  }

 private:
  void refuse(std::size_t parameter, std::string why) {
    query_.faults.push_back({"QPD^1^3^" + std::to_string(parameter), "204", std::move(why)});
  }

  void add(Field field, std::string pattern, std::string system = {}) {
    query_.demographics.criteria.push_back({field, std::move(pattern), std::move(system)});
  }

  bool take(std::string_view field, std::string value) {
    for (auto& one : ids_)
      if (field.starts_with(one.field) && field.size() > one.field.size() && field[one.field.size()] == '.')
        return piece(one, field.substr(one.field.size() + 1), std::move(value));
    if (field == "7" || field == "7.1") return birth_date(value);
    if (field == "8" || field == "8.1") return gender(value);
    for (const auto& text : texts)
      if (text.field == field) return add(text.criterion, text.anywhere ? "*" + value + "*" : value), true;
    return false;
  }

  // "3.1" and "7.2.1": of subcomponents only the first is looked at.
  bool take_visit(std::string_view place, std::string value) {
    VisitCriterion criterion{0, 1, std::move(value)};
    const auto* end = place.data() + place.size();
    const auto field = std::from_chars(place.data(), end, criterion.field);
    if (field.ec != std::errc()) return false;
    if (field.ptr != end && *field.ptr == '.') std::from_chars(field.ptr + 1, end, criterion.component);
    const auto known = std::find(visit_fields.begin(), visit_fields.end(), criterion.field);
    if (known == visit_fields.end() || criterion.component == 0) return false;
    query_.visits.push_back(std::move(criterion));
    return true;
  }

  static bool piece(Pieces& pieces, std::string_view component, std::string value) {
    pieces.any = true;
    if (component == "1")
      pieces.value = std::move(value);
    else if (component == "4" || component == "4.1")
      pieces.name = std::move(value);
    else if (component == "4.2")
      pieces.universal_id = std::move(value);
    else if (component == "4.3")
      pieces.type = std::move(value);
    else
      return component == "5";  // the type of an identifier says nothing of whose it is
    return true;
  }

  void finish(const Pieces& pieces) {
    if (!pieces.any) return;
    if (pieces.value.empty()) {
      query_.faults.push_back({"QPD^1^3", "101", "An identifier is asked for without its value"});
      return;
    }
    std::string system;
    if (!pieces.name.empty() || !pieces.universal_id.empty()) {
      const auto& marks = message_.delimiters;
      const auto authority = hl7v2::escape(pieces.name, marks) + marks.subcomponent +
                             hl7v2::escape(pieces.universal_id, marks) + marks.subcomponent +
                             hl7v2::escape(pieces.type, marks);
      system = pix::read_authority(site_, {authority, marks}, 1);
    }
    add(pieces.criterion, pieces.value, std::move(system));
  }

  bool birth_date(const std::string& value) {
    if (const auto date = pix::date_of(value))
      add(Field::birth_date, *date);
    else
      query_.faults.push_back({"QPD^1^3", "102", "The date of birth does not exist"});
    return true;
  }

  bool gender(const std::string& value) {
    if (value == "M")
      add(Field::gender, "male");
    else if (value == "F")
      add(Field::gender, "female");
    else if (value == "O" || value == "A")
      add(Field::gender, "other");
    else if (value == "U" || value == "N")
      add(Field::gender, "unknown");
    else
      query_.faults.push_back({"QPD^1^3", "103", "The administrative sex is not of HL7 table 0001"});
    return true;
  }

  void domains(const hl7v2::Segment& qpd) {
    std::size_t at = 0;
    for (const auto& asked : message_.repetitions(qpd, 8)) {
      ++at;
      auto uri = pix::read_authority(site_, asked, 4);
      const auto domain = identity::domain_of(site_, uri);
      if (!domain || !*domain)
        query_.faults.push_back({"QPD^1^8^" + std::to_string(at), "204", "The domain is not known"});
      query_.demographics.domains.push_back(std::move(uri));
    }
  }

  void page(const hl7v2::Segment& qpd) {
    if (const auto* rcp = message_.find("RCP")) {
      const auto count = message_.first(*rcp, 2).component(1);
      const auto read = std::from_chars(count.data(), count.data() + count.size(), query_.demographics.count);
      if (!count.empty() && (read.ec != std::errc() || query_.demographics.count == 0))
        query_.faults.push_back({"RCP^1^2", "102", "The number of patients must be a positive number"});
    }
    const auto name = name_of(sender_, message_.first(qpd, 2).text());
    const bool cancelled = site_.recall && !site_.recall(name).empty();
    const auto* dsc = message_.find("DSC");
    if (!dsc || dsc->field(1).empty()) {
      if (cancelled) query_.remember = {name, std::string()};
      return;
    }
    const auto pointer = message_.first(*dsc, 1).text();
    query_.demographics.after = pointer.substr(0, pointer.rfind('.'));
    if (pointer != pointer_behind(qpd, query_.demographics.after))
      query_.faults.push_back({"DSC^1^1", "204", "The continuation pointer is not one into the answer to this query"});
    else if (cancelled)
      query_.faults.push_back({"DSC^1^1", "204", "The query was cancelled"});
  }

  const Site& site_;
  const hl7v2::Message& message_;
  const std::string& sender_;
  bool of_visits_;
  Query query_;
  std::array<Pieces, 3> ids_{{{"3", Field::id, {}, {}, {}, {}},
                              {"18", Field::account, {}, {}, {}, {}},
                              {"21", Field::mother_id, {}, {}, {}, {}}}};
};

}  // namespace

Query read_query(const Site& site, const Message& asked, const hl7v2::Segment& qpd, bool of_visits) {
  return QueryReader(site, asked, of_visits).read(qpd);
}

std::string pointer_behind(const hl7v2::Segment& qpd, std::string_view id) {
  constexpr std::size_t tag = 2, mark = 16;
  std::string query(id);
  for (std::size_t n = 1; n < qpd.fields.size(); ++n)
    if (n != tag) query.append("|").append(qpd.fields[n]);
  return std::string(id) + "." + fhir::to_hex(fhir::sha256(query)).substr(0, mark);
}

fhir::Result<Plan> cancel(const Site& site, const Message& asked) {
  const auto& message = *asked.v2;
  const auto* qid = message.find("QID");
  if (!qid || qid->field(1).empty())
    return fhir::Outcome(fhir::Kind::unprocessable, "required", "The query to cancel is not named", "QID^1^1");
  Plan plan;
  plan.answer.bytes = hl7v2::acknowledge(message, "AA", {}, site.now);
  plan.remember = {name_of(asked.sender, message.first(*qid, 1).text()), "cancelled"};
  return plan;
}

}  // namespace ihe::pdq
