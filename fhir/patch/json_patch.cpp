// JSON Patch: RFC 6902, with JSON Pointer (RFC 6901).
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "fhir/format/json.h"
#include "fhir/format/json_commas.h"
#include "fhir/patch/patch.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace fhir::patch {
namespace {

constexpr std::size_t most_copied = 100'000;  // values that copy operations may add
constexpr std::size_t longest_path = 64;      // steps of a pointer: what is added lies no deeper

struct Member;

// A document that can hold empty lists while a patch is at work, which a tree of nodes cannot.
struct Value {
  enum class Form : std::uint8_t { null, boolean, number, string, list, object } form = Form::null;
  std::string_view text;
  std::vector<Member> members;
  std::vector<Value> items;

  Value* member(std::string_view name);
  std::size_t size() const;
};

struct Member {
  std::string_view name;
  Value value;
};

Value* Value::member(std::string_view name) {
  for (auto& [key, value] : members)
    if (key == name) return &value;
  return nullptr;
}

std::size_t Value::size() const {
  std::size_t sum = 1;
  for (const auto& [key, value] : members) sum += value.size();
  for (const auto& value : items) sum += value.size();
  return sum;
}

using Form = Value::Form;

Value read_value(const Node& node) {
  Value value;
  value.text = node.text;
  switch (node.form) {
    case Node::Form::none:
      break;
    case Node::Form::boolean:
      value.form = Form::boolean;
      break;
    case Node::Form::number:
      value.form = Form::number;
      break;
    case Node::Form::string:
      value.form = Form::string;
      break;
    case Node::Form::object:
      value.form = Form::object;
      for (const Node* child = node.first; child; child = child->next) {
        if (!child->listed) {
          value.members.push_back({child->name, read_value(*child)});
          continue;
        }
        if (value.members.empty() || value.members.back().name != child->name) {
          value.members.push_back({child->name, {}});
          value.members.back().value.form = Form::list;
        }
        value.members.back().value.items.push_back(read_value(*child));
      }
  }
  return value;
}

bool is_empty(const Value& value) {
  if (value.form == Form::list) return std::all_of(value.items.begin(), value.items.end(), is_empty);
  if (value.form != Form::object) return false;
  return std::all_of(value.members.begin(), value.members.end(),
                     [](const auto& member) { return is_empty(member.value); });
}

void write_value(const Value& value, std::string& out) {
  json::Commas commas(out);
  switch (value.form) {
    case Form::null:
      out += "null";
      return;
    case Form::boolean:
    case Form::number:
      out += value.text;
      return;
    case Form::string:
      return json::write_string(value.text, out);
    case Form::list:
      out += '[';
      for (const auto& item : value.items) {
        if (!is_empty(item)) write_value(item, commas.next());
      }
      out += ']';
      return;
    case Form::object:
      out += '{';
      for (const auto& [name, member] : value.members) {
        if (is_empty(member)) continue;
        json::write_string(name, commas.next());
        out += ':';
        write_value(member, out);
      }
      out += '}';
  }
}

// RFC 6902, section 4.6: numbers by value, objects without regard to order.
bool same(const Value& a, const Value& b) {
  if (a.form != b.form) return false;
  if (a.form == Form::number) return compare_decimals(a.text, b.text) == 0;
  if (a.form == Form::list) return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same);
  if (a.form != Form::object) return a.text == b.text;
  if (a.members.size() != b.members.size()) return false;
  return std::all_of(a.members.begin(), a.members.end(), [&](const auto& member) {
    const auto found =
        std::find_if(b.members.begin(), b.members.end(), [&](const auto& other) { return other.name == member.name; });
    return found != b.members.end() && same(member.value, found->value);
  });
}

using Pointer = std::vector<std::string>;

std::optional<Pointer> read_pointer(std::string_view text) {
  Pointer steps;
  if (!text.empty() && text.front() != '/') return std::nullopt;
  for (const char c : text) {
    if (c == '/')
      steps.emplace_back();
    else
      steps.back() += c;
  }
  for (auto& step : steps)
    for (std::size_t at = step.find('~'); at != std::string::npos; at = step.find('~', at + 1)) {
      if (at + 1 == step.size() || (step[at + 1] != '0' && step[at + 1] != '1')) return std::nullopt;
      step.replace(at, 2, step[at + 1] == '0' ? "~" : "/");
    }
  return steps;
}

// Digits without leading zeros (RFC 6901, section 4).
std::optional<std::size_t> index_in(const std::string& step) {
  std::size_t index = 0;
  const auto [end, fault] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (fault != std::errc{} || end != step.data() + step.size() || (step.size() > 1 && step.front() == '0'))
    return std::nullopt;
  return index;
}

class Patcher {
 public:
  Patcher(Value& document, Arena& arena) : document_(document), arena_(arena) {}

  Result<bool> apply(Value& operation, std::size_t index) {
    place_ = "operation " + std::to_string(index + 1);
    if (operation.form != Form::object) return malformed("must be an object");
    const auto* op = operation.member("op");
    if (!op || op->form != Form::string) return malformed("needs \"op\"");
    place_ += " (" + shortened(op->text, 16) + ")";
    auto path = pointer(operation, "path");
    if (!path) return std::move(path.outcome());
    if (op->text == "remove") return take(*path, nullptr);
    if (op->text == "move" || op->text == "copy") return transfer(operation, *path, op->text == "move");
    if (op->text != "add" && op->text != "replace" && op->text != "test")
      return malformed("is none of add, remove, replace, move, copy and test");
    Value* value = operation.member("value");
    if (!value) return malformed("needs a \"value\"");
    if (op->text == "add") return add(*path, std::move(*value));
    Value* target = find(*path, path->size());
    if (!target) return misfit("finds nothing at its path");
    if (op->text == "replace") {
      *target = std::move(*value);
    } else if (!same(*target, *value)) {
      return misfit("fails: another value stands at its path");
    }
    return true;
  }

 private:
  Outcome malformed(std::string_view what) const {
    return {Kind::malformed, "invalid", "JSON Patch: " + place_ + " " + std::string(what)};
  }
  Outcome misfit(std::string_view what) const {
    return {Kind::unprocessable, "processing", "JSON Patch: " + place_ + " " + std::string(what)};
  }

  Result<Pointer> pointer(Value& operation, std::string_view name) const {
    const Value* text = operation.member(name);
    if (!text || text->form != Form::string) return malformed("needs a \"" + std::string(name) + "\"");
    auto steps = read_pointer(text->text);
    if (!steps) return malformed("has no JSON Pointer as \"" + std::string(name) + "\"");
    if (steps->size() > longest_path) return misfit("points deeper than any element lies");
    return std::move(*steps);
  }

  // What the first `count` steps lead to.
  Value* find(const Pointer& path, std::size_t count) {
    Value* at = &document_;
    for (std::size_t i = 0; i < count && at; ++i) {
      const auto index = at->form == Form::list ? index_in(path[i]) : std::nullopt;
      if (at->form == Form::list)
        at = index && *index < at->items.size() ? &at->items[*index] : nullptr;
      else
        at = at->form == Form::object ? at->member(path[i]) : nullptr;
    }
    return at;
  }

  Result<bool> add(const Pointer& path, Value value) {
    if (path.empty()) {
      document_ = std::move(value);
      return true;
    }
    Value* owner = find(path, path.size() - 1);
    const auto& last = path.back();
    if (owner && owner->form == Form::object) {
      if (Value* there = owner->member(last))
        *there = std::move(value);
      else
        owner->members.push_back({arena_.copy(last), std::move(value)});
      return true;
    }
    if (!owner || owner->form != Form::list) return misfit("finds nothing to add to: missing objects are not made");
    const auto index = last == "-" ? owner->items.size() : index_in(last);
    if (!index || *index > owner->items.size()) return misfit("has no such place in the list");
    owner->items.insert(owner->items.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return true;
  }

  // Takes the value out of the document, into `taken` if that is given.
  Result<bool> take(const Pointer& path, Value* taken) {
    Value* found = find(path, path.size());
    if (!found) return misfit("finds nothing at its path");
    if (path.empty()) return misfit("cannot take the whole resource away");
    if (taken) *taken = std::move(*found);
    Value* owner = find(path, path.size() - 1);
    if (const auto index = index_in(path.back()); index && owner->form == Form::list)
      owner->items.erase(owner->items.begin() + static_cast<std::ptrdiff_t>(*index));
    else
      std::erase_if(owner->members, [&](const auto& member) { return member.name == path.back(); });
    return true;
  }

  Result<bool> transfer(Value& operation, const Pointer& path, bool moves) {
    auto from = pointer(operation, "from");
    if (!from) return std::move(from.outcome());
    const bool inside = from->size() < path.size() && std::equal(from->begin(), from->end(), path.begin());
    if (moves && inside) return misfit("cannot move a value into itself");
    if (moves && *from == path) return find(path, path.size()) ? Result<bool>(true) : misfit("finds nothing to move");
    Value value;
    if (moves) {
      if (auto done = take(*from, &value); !done) return done;
    } else {
      const Value* found = find(*from, from->size());
      if (!found) return misfit("finds nothing to copy");
      copied_ += found->size();
      if (copied_ > most_copied) return misfit("copies too much");
      value = *found;
    }
    return add(path, std::move(value));
  }

  Value& document_;
  Arena& arena_;
  std::string place_;
  std::size_t copied_ = 0;
};

}  // namespace

Result<std::string> apply_json(std::string_view resource, std::string_view patch) {
  Arena arena;
  json::Limits plain;
  plain.plain = true;
  const auto read = json::parse(resource, arena, plain);
  if (!read) return read.outcome();
  auto listed = json::parse("{\"patch\":" + std::string(patch) + "}", arena, plain);  // the reader takes objects only
  if (!listed) return std::move(listed.outcome());
  Value operations = read_value(**listed);
  const bool alone = operations.members.size() == 1 && operations.members.front().value.form == Form::list;
  if (!alone) return Outcome(Kind::malformed, "invalid", "A JSON Patch is a list of operations, one at least");
  auto& list = operations.members.front().value.items;
  if (list.size() > most_operations)
    return Outcome(Kind::unprocessable, "too-long",
                   "A patch may have " + std::to_string(most_operations) + " operations; put the resource instead");
  Value document = read_value(**read);
  Patcher patcher(document, arena);
  for (std::size_t i = 0; i < list.size(); ++i)
    if (auto done = patcher.apply(list[i], i); !done) return std::move(done.outcome());
  std::string out;
  write_value(document, out);
  return out;
}

}  // namespace fhir::patch
