// Walks a query's selections through resources. http://hl7.org/fhir/R4/graphql.html
#include "fhir/graphql/execute.h"

#include <algorithm>
#include <optional>

#include "fhir/format/json.h"
#include "fhir/graphql/answer.h"
#include "fhir/graphql/arguments.h"
#include "fhir/path/path.h"

namespace fhir::graphql {
namespace {

constexpr std::size_t most_loads = 2000;      // references followed and searches made for one query
constexpr std::size_t most_fields = 200'000;  // values in the answer
constexpr std::size_t most_keys = 1000;       // different fields of one object
constexpr int deepest = 64;                   // fragments inside fragments and resources inside resources

using Sets = std::vector<const std::vector<Selection>*>;

// Selections of one response key, merged (GraphQL, section 6.3.2).
struct Field {
  const Selection* selection;
  Sets sets;
};

// Where a value stands: the resource that holds it, what of its names and lists it passes on when flattened.
struct Where {
  const Node& resource;
  const Node& container;  // of a contained resource; otherwise the resource itself
  std::string suffix;     // of @slice
  bool list = false;      // inside a flattened list
  int depth = 0;
};

class Executor {
 public:
  Executor(const Query& query, Source& source, Arguments arguments)
      : query_(query), source_(source), arguments_(std::move(arguments)) {}

  Result<std::string> run(const Operation& operation) {
    Answer answer;
    const Sets sets{&operation.selections};
    const Result<bool> done = query_.resource
                                  ? object(*query_.resource, sets, {*query_.resource, *query_.resource, {}}, answer)
                                  : system(sets, answer);
    if (!done) return done.outcome();
    std::string out;
    answer.write(out);
    return out;
  }

 private:
  // Fields that apply to `type`, in order; fragments opened, @skip and @include obeyed.
  Result<bool> collect(const Sets& sets, const Type* type, std::vector<Field>& fields, int depth) {
    if (depth > deepest) return fault("fragments are nested too deeply, or use each other in a circle");
    for (const auto* selections : sets)
      for (const Selection& each : *selections) {
        if (++fields_ > most_fields) return too_much();
        auto wanted = arguments_.is_wanted(each);
        if (!wanted) return wanted;
        if (!*wanted) continue;
        if (each.kind == Selection::Kind::field) {
          if (auto done = add_field(each, fields); !done) return done;
          continue;
        }
        const Fragment* fragment = nullptr;
        if (each.kind == Selection::Kind::spread) {
          fragment = query_.document.fragment(each.name);
          if (!fragment) return fault("there is no fragment " + each.name);
        }
        const std::string& condition = fragment ? fragment->type : each.type;
        if (!condition.empty() && !definitions().type(condition) && condition != "Query")
          return fault("there is no type " + condition);
        if (!condition.empty() && (type ? !type->is(condition) : condition != "Query")) continue;
        if (auto done = collect({fragment ? &fragment->selections : &each.selections}, type, fields, depth + 1); !done)
          return done;
      }
    return true;
  }

  Result<bool> add_field(const Selection& each, std::vector<Field>& fields) {
    const auto same =
        std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.selection->key() == each.key(); });
    if (same == fields.end()) {
      if (fields.size() == most_keys) return too_much();
      fields.push_back({&each, {&each.selections}});
      return true;
    }
    if (same->selection->name != each.name)
      return fault("two different fields are called " + each.key() + " in one place");
    same->sets.push_back(&each.selections);
    return true;
  }

  static Outcome too_much() {
    return {Kind::too_costly, "too-costly", "GraphQL: the answer is too large; ask for less at once"};
  }

  Result<bool> system(const Sets& sets, Answer& answer) {
    std::vector<Field> fields;
    if (auto done = collect(sets, nullptr, fields, 0); !done) return done;
    for (const Field& field : fields) {
      const auto& name = field.selection->name;
      auto done = name == "__typename"                      ? put(answer, field, "\"Query\"")
                  : name == "__schema" || name == "__type"  ? no_schema()
                  : definitions().resource(name) != nullptr ? by_id(field, answer)
                                                            : search(field, nullptr, answer);
      if (!done) return done;
    }
    return true;
  }

  // The schema of all resources, each of which every other can refer to, would be larger than any answer may be.
  static Outcome no_schema() {
    return {Kind::malformed, "not-supported",
            "GraphQL: introspection is not offered. Fields are the elements of the R4 types, by id as Patient(id), by "
            "search as PatientList and PatientConnection: http://hl7.org/fhir/R4/graphql.html"};
  }

  static bool put(Answer& answer, const Field& field, std::string json) {
    answer.add(field.selection->key(), std::move(json), false);
    return true;
  }

  // Patient(id: "1")
  Result<bool> by_id(const Field& field, Answer& answer) {
    const auto given = arguments_.text(*field.selection, "id");
    if (!given) return given.outcome();
    const auto& id = *given;
    if (!id || field.selection->arguments.size() > 1)
      return fault(field.selection->name + " has one argument, id; " + field.selection->name + "List searches");
    const auto found = load(field.selection->name + "/" + *id);
    if (!found) return found.outcome();
    if (!*found)
      return Outcome(Kind::absent, "not-found", "GraphQL: there is no " + field.selection->name + " of this id");
    return resource(**found, field, 0, false, answer);
  }

  Result<const Node*> load(std::string_view reference) {
    if (++loads_ > most_loads) return too_much();
    return source_.read(reference);
  }

  // A whole resource as the field's value.
  Result<bool> resource(const Node& node, const Field& field, int depth, bool list, Answer& answer) {
    auto json = nested(node, field, {node, node, {}, false, depth + 1});
    if (!json) return std::move(json.outcome());
    answer.add(field.selection->key(), std::move(*json), list);
    return true;
  }

  Result<std::string> nested(const Node& node, const Field& field, const Where& where) {
    Answer inner;
    if (auto done = object(node, field.sets, where, inner); !done) return std::move(done.outcome());
    std::string json;
    inner.write(json);
    return json;
  }

  // PatientList and PatientConnection; `focus`: the resource that _reference points to.
  Result<bool> search(const Field& field, const Where* focus, Answer& answer) {
    std::string_view name = field.selection->name;
    const bool connection = name.ends_with("Connection");
    const auto suffix = connection ? std::string_view("Connection").size() : std::string_view("List").size();
    const Type* type =
        connection || name.ends_with("List") ? definitions().resource(name.substr(0, name.size() - suffix)) : nullptr;
    if (!type) return fault("there is no field " + field.selection->name + " here");
    auto parameters = arguments_.parameters(*field.selection, {"_reference", "_cursor"});
    if (!parameters) return std::move(parameters.outcome());
    if (auto done = point_back(field, focus, *parameters); !done) return done;
    const auto cursor = arguments_.text(*field.selection, "_cursor");
    if (!cursor) return cursor.outcome();
    if (++loads_ > most_loads) return too_much();
    const auto count = connection ? asks_count(field) : Result<bool>(false);
    if (!count) return count.outcome();
    const auto page = source_.search(*type, *parameters, cursor->value_or(""), *count);
    if (!page) return page.outcome();
    const int depth = focus ? focus->depth : 0;
    if (connection) return edges(*page, field, depth, answer);
    const bool list = !field.selection->directive("singleton");
    for (const Node* found : page->resources)
      if (auto done = resource(*found, field, depth, list, answer); !done) return done;
    return true;
  }

  // Inside a resource: ObservationList(_reference: subject).
  Result<bool> point_back(const Field& field, const Where* focus, search::Parameters& parameters) {
    const auto given = arguments_.text(*field.selection, "_reference");
    if (!given) return given.outcome();
    const auto& by = *given;
    if (!focus) return by ? fault("_reference belongs inside a resource") : Result<bool>(true);
    if (!by) return fault("inside a resource, " + field.selection->name + " needs _reference: the search parameter");
    const Node& node = focus->container;
    parameters.emplace_back(*by, std::string(node.type->name.view()) + "/" + std::string(node.value_of("id")));
    return true;
  }

  Result<bool> asks_count(const Field& connection) {
    std::vector<Field> fields;
    if (auto done = collect(connection.sets, nullptr, fields, 0); !done) return done;
    return std::any_of(fields.begin(), fields.end(), [](const Field& each) { return each.selection->name == "count"; });
  }

  Result<bool> edges(const Page& page, const Field& field, int depth, Answer& answer) {
    Answer connection;
    std::vector<Field> fields;
    if (auto done = collect(field.sets, nullptr, fields, 0); !done) return done;
    for (const Field& each : fields) {
      const auto& name = each.selection->name;
      if (name == "edges") {
        for (const Node* found : page.resources)
          if (auto done = edge(*found, each, depth, connection); !done) return done;
      } else if (name == "count") {
        if (page.total) put(connection, each, std::to_string(*page.total));
      } else if (name == "pagesize") {
        put(connection, each, std::to_string(page.size));
      } else if (name == "next") {
        if (!page.next.empty()) put(connection, each, quoted(page.next));
      } else if (name == "first") {
        put(connection, each, "\"\"");
      } else if (name != "offset" && name != "previous" && name != "last") {
        return fault("a connection has no field " + name);
      }
    }
    std::string json;
    connection.write(json);
    return put(answer, field, std::move(json));
  }

  Result<bool> edge(const Node& found, const Field& field, int depth, Answer& connection) {
    Answer edge;
    std::vector<Field> fields;
    if (auto done = collect(field.sets, nullptr, fields, 0); !done) return done;
    for (const Field& each : fields) {
      const auto& name = each.selection->name;
      if (name == "mode")
        put(edge, each, "\"match\"");
      else if (name == "resource") {
        if (auto done = resource(found, each, depth, false, edge); !done) return done;
      } else if (name != "score") {
        return fault("an edge has no field " + name);
      }
    }
    std::string json;
    edge.write(json);
    connection.add(field.selection->key(), std::move(json), true);
    return true;
  }

  static std::string quoted(std::string_view text) {
    std::string json;
    json::write_string(text, json);
    return json;
  }

  Result<bool> object(const Node& node, const Sets& sets, const Where& where, Answer& answer) {
    if (where.depth > deepest) return too_much();
    std::vector<Field> fields;
    if (auto done = collect(sets, node.type, fields, 0); !done) return done;
    if (fields.empty() && sets.front()->empty())
      return fault(std::string(node.type->name) + " is an object: choose its fields");
    for (const Field& field : fields)
      if (auto done = field_of(node, field, where, answer); !done) return done;
    return true;
  }

  Result<bool> field_of(const Node& node, const Field& field, const Where& where, Answer& answer) {
    const Selection& selection = *field.selection;
    const Type& type = *node.type;
    if (selection.name == "__typename" || (selection.name == "resourceType" && type.kind == TypeKind::resource))
      return put(answer, field, quoted(type.name));
    if (selection.name == "resource" && type.name.view() == "Reference") return follow(node, field, where, answer);
    const bool beside = selection.name.starts_with('_');
    const std::string_view name = std::string_view(selection.name).substr(beside ? 1 : 0);
    const Member* member = type.member(name);
    if (beside && member && member->type->kind != TypeKind::primitive) member = nullptr;
    if (!member && type.kind == TypeKind::resource && &node == &where.resource) return search(field, &where, answer);
    if (!member) return fault(std::string(type.name) + " has no field " + selection.name);
    std::vector<const Node*> nodes;
    for (const Node& child : node)
      if (child.name == name) nodes.push_back(&child);
    auto chosen = arguments_.chosen(selection, *member->type, std::move(nodes), where.resource);
    if (!chosen) return std::move(chosen.outcome());
    return values(*chosen, *member, beside, field, where, answer);
  }

  Result<bool> values(const std::vector<const Node*>& nodes, const Member& member, bool beside, const Field& field,
                      const Where& where, Answer& answer) {
    const Selection& selection = *field.selection;
    for (const auto& directive : selection.directives)
      if (!is_known(directive.name)) return fault("there is no directive @" + directive.name);
    const bool scalar = member.type->kind == TypeKind::primitive && !beside;
    if (scalar && !selection.selections.empty()) return fault(selection.name + " has no fields to choose");
    const bool first = selection.directive("first");
    const bool repeats = member.element->repeats();
    std::size_t index = 0;
    for (const Node* node : nodes) {
      auto suffix = slice(selection, *node, index++, where);
      if (!suffix) return std::move(suffix.outcome());
      if (selection.directive("flatten")) {
        Where inner = within(*node, where);
        inner.suffix = where.suffix + *suffix;
        inner.list = where.list || (repeats && !first);
        if (scalar) return fault("@flatten is for objects: " + selection.name + " is a single value");
        if (auto done = object(*node, field.sets, inner, answer); !done) return done;
      } else {
        const bool bare = beside && !node->first;
        auto json = bare     ? Result(std::string("null"))
                    : scalar ? literal(*node)
                             : nested(*node, field, within(*node, where));
        if (!json) return std::move(json.outcome());
        const bool list = (where.list || (repeats && !first)) && !selection.directive("singleton");
        if (*json != "null" || list) answer.add(selection.key() + where.suffix + *suffix, std::move(*json), list);
      }
      if (++fields_ > most_fields) return too_much();
      if (first) break;
    }
    return true;
  }

  static bool is_known(std::string_view directive) {
    const auto all = {"flatten", "first", "singleton", "slice", "skip", "include"};
    return std::find(all.begin(), all.end(), directive) != all.end();
  }

  // A contained resource is one of its own, inside its container.
  static Where within(const Node& node, const Where& where) {
    const bool contained = node.type && node.type->kind == TypeKind::resource;
    return {contained ? node : where.resource, where.container, {}, false, where.depth + (contained ? 1 : 0)};
  }

  static Result<std::string> literal(const Node& node) {
    if (node.form == Node::Form::none) return std::string("null");
    return node.form == Node::Form::string ? quoted(node.text) : std::string(node.text);
  }

  // @slice(path: "use"): ".official" behind the name; $index counts.
  static Result<std::string> slice(const Selection& selection, const Node& node, std::size_t index,
                                   const Where& where) {
    const Directive* directive = selection.directive("slice");
    if (!directive) return std::string();
    if (directive->arguments.size() != 1 || directive->arguments.front().value.form != Value::Form::string)
      return fault("@slice has one argument, a FHIRPath expression");
    const std::string& expression = directive->arguments.front().value.text;
    if (expression == "$index") return "." + std::to_string(index);
    const auto program = path::compile(expression);
    if (!program) return program.outcome();
    path::Context context;
    context.resource = &where.resource;
    context.steps = 100'000;
    const auto found = path::evaluate(**program, node, context);
    if (!found) return found.outcome();
    std::string name;
    if (found->size() == 1) {
      const auto& item = found->front();
      name = item.kind == path::Item::Kind::integer ? std::to_string(item.integer)
             : item.node                            ? std::string(item.node->text)
                                                    : item.text;
    }
    return "." + name;
  }

  // Reference.resource
  Result<bool> follow(const Node& reference, const Field& field, const Where& where, Answer& answer) {
    const auto optional = arguments_.text(*field.selection, "optional");
    const auto wanted = arguments_.text(*field.selection, "type");
    if (!optional || !wanted) return !optional ? optional.outcome() : wanted.outcome();
    const std::string_view literal = reference.value_of("reference");
    const Node* found = nullptr;
    if (literal.starts_with('#')) {
      found = contained(where.container, literal.substr(1));
    } else if (!literal.empty()) {
      const auto read = load(literal);
      if (!read) return read.outcome();
      found = *read;
    }
    if (!found && *optional == "true") return true;
    if (!found)
      return Outcome(Kind::unprocessable, "not-found",
                     "GraphQL: a reference leads to nothing here; resource(optional: true) passes over such");
    if (const auto& type = *wanted; type && !found->type->is(*type)) return true;
    const bool inside = literal.starts_with('#');
    auto json = nested(*found, field, {*found, inside ? where.container : *found, {}, false, where.depth + 1});
    if (!json) return std::move(json.outcome());
    answer.add(field.selection->key() + where.suffix, std::move(*json), where.list);
    return true;
  }

  static const Node* contained(const Node& container, std::string_view id) {
    if (id.empty()) return &container;
    for (const Node& child : container)
      if (child.name == "contained" && child.value_of("id") == id) return &child;
    return nullptr;
  }

  const Query& query_;
  Source& source_;
  const Arguments arguments_;
  std::size_t loads_ = 0;
  std::size_t fields_ = 0;
};

}  // namespace

Result<std::string> execute(const Query& query, Source& source) {
  const auto& operations = query.document.operations;
  const bool alone = operations.size() == 1 && query.operation.empty();
  const auto chosen = std::find_if(operations.begin(), operations.end(), [&](const Operation& each) {
    return alone || (!query.operation.empty() && each.name == query.operation);
  });
  if (chosen == operations.end())
    return fault(query.operation.empty() ? "several queries need an operationName" : "there is no query of this name");
  auto arguments = Arguments::of(*chosen, query.variables);
  if (!arguments) return std::move(arguments.outcome());
  return Executor(query, source, std::move(*arguments)).run(*chosen);
}

}  // namespace fhir::graphql
