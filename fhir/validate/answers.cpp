// QuestionnaireResponse against its Questionnaire. FHIR R4:
// http://hl7.org/fhir/R4/questionnaireresponse.html#notes,
// questionnaire.html#item (enableWhen, required, repeats, answerOption)
#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/utf8.h"
#include "fhir/validate/compare.h"
#include "fhir/validate/resources.h"

namespace fhir::validate {

namespace {

constexpr int deepest = 64;

bool is_value(const Node& node) { return node.element && node.element->choice && node.element->name.view() == "value"; }

const Node* value_of(const Node& parent) {
  for (const Node& child : parent)
    if (is_value(child)) return &child;
  return nullptr;
}

// A choice is of what its options are: codings mostly, but strings, numbers and dates may be chosen from as well.
bool answer_fits(const Node& question, std::string_view type, const Node& value) {
  const auto given = value.type->name.view();
  if (type == "choice" || type == "open-choice") {
    if (given == "Coding" || (given == "string" && type == "open-choice")) return true;
    return std::any_of(question.begin(), question.end(), [&](const Node& option) {
      const Node* wanted = option.name == "answerOption" ? value_of(option) : nullptr;
      return wanted && wanted->type == value.type;
    });
  }
  if (type == "text" || type == "string") return given == "string";
  if (type == "url") return given == "uri";
  if (type == "attachment") return given == "Attachment";
  if (type == "reference") return given == "Reference";
  if (type == "quantity") return given == "Quantity";
  return given == type;
}

bool same_answer(const Node& given, const Node& wanted) {
  if (given.type != wanted.type) return false;
  if (given.type->name.view() != "Coding") return fits(given, wanted);
  return given.value_of("code") == wanted.value_of("code") &&
         (wanted.value_of("system").empty() || given.value_of("system") == wanted.value_of("system"));
}

// The items that stand in an item, an answer or the whole, by their linkIds.
class Items {
 public:
  struct Place {
    const Node* item;
    std::size_t position;
  };
  // The first of that linkId; null: there is none.
  const Place* find(const Node& parent, std::string_view link) {
    const auto [known, fresh] = of_.try_emplace(&parent);
    if (fresh)
      for (const Node& item : parent)
        if (item.name == "item") known->second.try_emplace(item.value_of("linkId"), &item, known->second.size());
    const auto found = known->second.find(link);
    return found == known->second.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<const Node*, std::unordered_map<std::string_view, Place>> of_;
};

// All items of a response by their linkIds, in order; and where each item and answer begins and ends in that order.
class Occurrences {
 public:
  struct Extent {
    std::size_t begin, end;
  };
  explicit Occurrences(const Node& response) { walk(response, 0); }

  Extent extent_of(const Node& node) const {
    const auto found = extents_.find(&node);
    return found == extents_.end() ? Extent{0, 0} : found->second;
  }
  // Calls `take` for those inside of the extent.
  template <class Take>
  void each(std::string_view link, Extent within, const Take& take) const {
    const auto known = items_.find(link);
    if (known == items_.end()) return;
    const auto& list = known->second;
    auto one = std::lower_bound(list.begin(), list.end(), within.begin,
                                [](const auto& entry, std::size_t begin) { return entry.first <= begin; });
    for (; one != list.end() && one->first < within.end; ++one) take(*one->second);
  }

 private:
  void walk(const Node& parent, int depth) {
    if (depth > deepest) return;
    const auto begin = next_++;
    if (parent.name == "item") items_[parent.value_of("linkId")].emplace_back(begin, &parent);
    for (const Node& child : parent)
      if (child.name == "item" || child.name == "answer") walk(child, depth + 1);
    extents_[&parent] = {begin, next_};
  }

  std::size_t next_ = 0;
  std::unordered_map<std::string_view, std::vector<std::pair<std::size_t, const Node*>>> items_;
  std::unordered_map<const Node*, Extent> extents_;
};

class Answers {
 public:
  Answers(const Node& response, const Member& member, const Say& say)
      : say_(say), member_(member), occurrences_(response) {
    const auto status = response.value_of("status");
    complete_ = status == "completed" || status == "amended";
  }

  void items(const Node& questions, const Node& answers, const Place& place, int depth) {
    if (depth > deepest) return;
    around_.push_back(&answers);
    items_within(questions, answers, place, depth);
    around_.pop_back();
  }

 private:
  void items_within(const Node& questions, const Node& answers, const Place& place, int depth) {
    std::uint32_t index = 0;
    const Items::Place* last = nullptr;
    for (const Node& item : answers) {
      if (item.name != "item") continue;
      const Place here{&place, "item", index++, true};
      const auto link = item.value_of("linkId");
      const auto* known = questions_.find(questions, link);
      if (!known) {
        say_(here, "structure", "The questionnaire has no item '" + std::string(link) + "' here", Severity::error);
        continue;
      }
      const Node& question = *known->item;
      if (last && known->position < last->position)
        say_(here, "structure", "Items must stand in the questionnaire's order", Severity::error);
      if (known == last && (question.value_of("type") != "group" || question.value_of("repeats") != "true"))
        say_(here, "structure", "The item may stand here once only: " + std::string(link), Severity::error);
      last = known;
      this->item(question, item, here, depth);
    }
    for (const Node& question : questions)
      if (question.name == "item") missing(question, answers, place);
  }

  void item(const Node& question, const Node& item, const Place& place, int depth) {
    const auto type = question.value_of("type");
    const bool answered = item.child("answer") != nullptr;
    if ((answered || item.child("item")) && !enabled(question))
      say_(place, "invalid", "The item is answered, but it is not enabled", Severity::error);
    if (type == "group" || type == "display") {
      if (answered) say_(place, "structure", "A " + std::string(type) + " takes no answer", Severity::error);
      items(question, item, place, depth + 1);
      return;
    }
    if (item.child("item"))
      say_(place, "structure", "The items below a question stand below its answer", Severity::error);
    std::uint32_t index = 0;
    for (const Node& answer : item) {
      if (answer.name != "answer") continue;
      const Place here{&place, "answer", index++, true};
      if (index > 1 && question.value_of("repeats") != "true")
        say_(here, "structure", "The question takes one answer only", Severity::error);
      if (const Node* value = value_of(answer)) judge(question, type, *value, here);
      items(question, answer, here, depth + 1);
    }
  }

  void judge(const Node& question, std::string_view type, const Node& value, const Place& place) {
    if (!answer_fits(question, type, value))
      return say_(
          place, "structure",
          "The answer is of type " + std::string(value.type->name) + ", the question of type " + std::string(type),
          Severity::error);
    std::size_t most = 0;
    const auto limit = question.value_of("maxLength");
    std::from_chars(limit.data(), limit.data() + limit.size(), most);
    if (most > 0 && characters(value.text) > most)
      say_(place, "too-long", "The answer is longer than maxLength, " + std::string(limit), Severity::error);
    within(question, value, place);
    bool any = false, found = false;
    for (const Node& option : question) {
      if (option.name != "answerOption") continue;
      any = true;
      const Node* wanted = value_of(option);
      found = found || (wanted && same_answer(value, *wanted));
    }
    const auto set = question.value_of("answerValueSet");
    if (!set.empty() && value.type->name.view() == "Coding" && type != "open-choice" && member_(value, set) == false)
      say_(place, "code-invalid", "The answer is not in the question's value set " + std::string(set), Severity::error);
    if (any && !found && !(type == "open-choice" && value.type->name.view() == "string"))
      say_(place, "code-invalid", "The answer is none of the question's options", Severity::error);
  }

  // http://hl7.org/fhir/R4/extension-minvalue.html, extension-maxvalue.html
  void within(const Node& question, const Node& value, const Place& place) {
    for (const Node& extension : question) {
      const auto url = extension.value_of("url");
      const bool least = url == "http://hl7.org/fhir/StructureDefinition/minValue";
      if (!least && url != "http://hl7.org/fhir/StructureDefinition/maxValue") continue;
      const Node* limit = value_of(extension);
      const auto order = limit ? compare_values(value, *limit) : std::nullopt;
      if (order && (least ? *order < 0 : *order > 0))
        say_(place, "value", std::string("The answer is ") + (least ? "below minValue" : "above maxValue"),
             Severity::error);
    }
  }

  void missing(const Node& question, const Node& answers, const Place& place) {
    if (!complete_ || question.value_of("required") != "true" || question.value_of("type") == "display") return;
    const auto link = question.value_of("linkId");
    const auto* known = answers_.find(answers, link);
    const Node* item = known ? known->item : nullptr;
    const bool given = item && (item->child("answer") || (question.value_of("type") == "group" && item->child("item")));
    if (!given && enabled(question))
      say_(place, "required", "The required item '" + std::string(link) + "' is not answered", Severity::error);
  }

  // questionnaire.html: enableWhen with enableBehavior
  bool enabled(const Node& question) const {
    bool any = false, all = true, none = true;
    for (const Node& condition : question) {
      if (condition.name != "enableWhen") continue;
      none = false;
      const bool met = meets(condition);
      any = any || met;
      all = all && met;
    }
    return none || (question.value_of("enableBehavior") == "any" ? any : all);
  }

  bool meets(const Node& condition) const {
    const auto given = nearest(condition.value_of("question"));
    const Node* wanted = nullptr;
    for (const Node& child : condition)
      if (child.element && child.element->choice) wanted = &child;
    const auto relation = condition.value_of("operator");
    if (!wanted) return false;
    if (relation == "exists") return (wanted->text == "true") == !given.empty();
    return std::any_of(given.begin(), given.end(), [&](const Node* value) { return holds(*value, relation, *wanted); });
  }

  static bool holds(const Node& value, std::string_view relation, const Node& wanted) {
    if (relation == "=") return same_answer(value, wanted);
    if (relation == "!=") return !same_answer(value, wanted);
    const auto order = compare_values(value, wanted);
    if (!order) return false;
    return relation == ">" ? *order > 0 : relation == "<" ? *order < 0 : relation == ">=" ? *order >= 0 : *order <= 0;
  }

  // The answers of the question's occurrence that is nearest: around the item that asks, then beside it, then beside
  // what is around it.
  std::vector<const Node*> nearest(std::string_view link) const {
    std::vector<const Node*> given;
    for (auto at = around_.rbegin(); at != around_.rend() && given.empty(); ++at) {
      if ((*at)->name == "item" && (*at)->value_of("linkId") == link) take(**at, given);
      if (given.empty())
        occurrences_.each(link, occurrences_.extent_of(**at), [&](const Node& item) { take(item, given); });
    }
    return given;
  }

  static void take(const Node& item, std::vector<const Node*>& values) {
    for (const Node& answer : item)
      if (answer.name == "answer")
        if (const Node* value = value_of(answer)) values.push_back(value);
  }

  const Say& say_;
  const Member& member_;
  Items questions_, answers_;
  const Occurrences occurrences_;
  std::vector<const Node*> around_;  // the response, and the items and answers that are open
  bool complete_ = false;
};

}  // namespace

void judge_answers(const Node& response, const Place& place, const Scope& scope, const Canonicals& canonicals,
                   const Member& member, const Say& say) {
  const auto address = response.value_of("questionnaire");
  if (address.empty()) return;
  std::shared_ptr<const Canonical> known;
  const Node* questionnaire = address.starts_with('#') ? scope.find(address).resource : nullptr;
  if (!questionnaire) {
    known = canonicals.find("Questionnaire", address);
    questionnaire = known ? known->resource : nullptr;
  }
  const Place here{&place, "questionnaire", 0, false};
  if (!questionnaire)
    return say(here, "not-found", "The questionnaire is not known here: the answers were not looked at",
               Severity::warning);
  if (questionnaire->type->name.view() != "Questionnaire") return;
  Answers(response, member, say).items(*questionnaire, response, place, 0);
}

}  // namespace fhir::validate
