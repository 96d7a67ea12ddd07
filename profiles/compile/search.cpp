// SearchParameters as they apply to each type, compartments and operation definitions.
// FHIR R4: http://hl7.org/fhir/R4/searchparameter.html, compartmentdefinition.html, operationdefinition.html

#include <algorithm>
#include <stdexcept>

#include "profiles/compile/parts.h"

namespace profiles {
namespace {

std::string_view trim(std::string_view value) {
  while (value.starts_with(' ')) value.remove_prefix(1);
  while (value.ends_with(' ')) value.remove_suffix(1);
  return value;
}

// The branches of a union, outside of parentheses and quotes.
std::vector<std::string_view> branches(std::string_view expression) {
  std::vector<std::string_view> parts;
  int depth = 0;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    char c = expression[i];
    if (c == '\'') quoted = !quoted;
    if (quoted) continue;
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != '|' || depth) continue;
    parts.push_back(trim(expression.substr(start, i - start)));
    start = i + 1;
  }
  parts.push_back(trim(expression.substr(start)));
  return parts;
}

// "(Observation.value as Quantity)" -> "Observation"
std::string_view root_of(std::string_view branch) {
  while (branch.starts_with('(')) branch.remove_prefix(1);
  return branch.substr(0, branch.find_first_of(".[ )"));
}

std::string for_type(std::string_view expression, std::string_view base) {
  std::string result;
  for (std::string_view branch : branches(expression)) {
    if (root_of(branch) != base) continue;
    if (!result.empty()) result += " | ";
    result += branch;
  }
  return result;
}

fhir::ParameterType type_of(const Json& parameter) {
  using fhir::ParameterType;
  static const std::map<std::string_view, ParameterType> types{{"string", ParameterType::string},
                                                               {"token", ParameterType::token},
                                                               {"reference", ParameterType::reference},
                                                               {"date", ParameterType::date},
                                                               {"number", ParameterType::number},
                                                               {"quantity", ParameterType::quantity},
                                                               {"uri", ParameterType::uri},
                                                               {"composite", ParameterType::composite},
                                                               {"special", ParameterType::special}};
  return types.at(text(parameter, "type"));
}

class SearchCompiler {
 public:
  SearchCompiler(Image& image, const Source& source) : image_(image) {
    for (const Json* parameter : source.parameters) {
      by_url_[text(*parameter, "url")] = parameter;
      for (const std::string& base : texts(*parameter, "base"))
        if (!by_base_[base].emplace(text(*parameter, "code"), parameter).second)
          throw std::runtime_error("two search parameters " + base + '.' + std::string(text(*parameter, "code")));
    }
  }

  void fill(fhir::Type& type) {
    struct Entry {
      const Json* source;
      std::string_view base;
    };
    std::map<std::string_view, Entry> entries;
    for (const fhir::Type* level = &type; level; level = level->base.get())
      for (const auto& [code, source] : by_base_[std::string(level->name.view())]) {
        auto [found, fresh] = entries.try_emplace(code, Entry{source, level->name.view()});
        if (!fresh) throw std::runtime_error("an inherited search parameter is overridden: " + std::string(code));
      }
    fhir::SearchParameter* place = image_.set(type.search, entries.size());
    for (const auto& [code, entry] : entries) fill(*place++, *entry.source, entry.base);
    for (std::uint32_t i = 0; i < type.search.size(); ++i)
      link(type, const_cast<fhir::SearchParameter&>(type.search[i]));
  }

 private:
  void fill(fhir::SearchParameter& parameter, const Json& source, std::string_view base) {
    image_.set(parameter.code, text(source, "code"));
    image_.set(parameter.url, text(source, "url"));
    parameter.type = type_of(source);
    image_.set(parameter.targets, texts(source, "target"));
    if (std::string_view whole = text(source, "expression"); !whole.empty()) {
      std::string expression = for_type(corrected_search_expression(base, whole), base);
      if (expression.empty())
        throw std::runtime_error("no expression for " + std::string(base) + ": " + std::string(whole));
      image_.set(parameter.expression, expression);
    }
    Items components = items(source, "component");
    fhir::SearchComponent* place = image_.set(parameter.components, components.size());
    for (std::size_t i = 0; i < components.size(); ++i) {
      const std::string_view definition = text(components[i], "definition");
      image_.set(place[i].definition, definition);
      image_.set(place[i].expression, corrected_search_expression(definition, text(components[i], "expression")));
      place[i].type = type_of(*by_url_.at(definition));
    }
  }

  // Components point to the parameter of the same type that they are defined by.
  void link(const fhir::Type& type, fhir::SearchParameter& composite) {
    for (std::uint32_t i = 0; i < composite.components.size(); ++i) {
      auto& component = const_cast<fhir::SearchComponent&>(composite.components[i]);
      for (const fhir::SearchParameter& parameter : type.search)
        if (parameter.url.view() == component.definition.view()) image_.set(component.parameter, &parameter);
    }
  }

  Image& image_;
  std::map<std::string_view, const Json*> by_url_;
  std::map<std::string, std::map<std::string_view, const Json*>> by_base_;
};

class OperationCompiler {
 public:
  explicit OperationCompiler(Image& image) : image_(image) {}

  void fill(fhir::OperationDefinition& place, const Json& source) {
    image_.set(place.code, text(source, "code"));
    image_.set(place.url, text(source, "url"));
    image_.set(place.types, texts(source, "resource"));
    place.system = flag(source, "system");
    place.type = flag(source, "type");
    place.instance = flag(source, "instance");
    place.affects_state = flag(source, "affectsState");
    fill(place.parameters, items(source, "parameter"));
  }

 private:
  void fill(fhir::List<fhir::OperationParameter>& list, Items sources) {
    fhir::OperationParameter* place = image_.set(list, sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) {
      std::string_view max = text(sources[i], "max");
      image_.set(place[i].name, text(sources[i], "name"));
      image_.set(place[i].type, text(sources[i], "type"));
      image_.set(place[i].search_type, text(sources[i], "searchType"));
      place[i].min = static_cast<std::uint16_t>(std::stoi(std::string(text(sources[i], "min"))));
      place[i].max = max == "*" ? 0xFFFF : static_cast<std::uint16_t>(std::stoi(std::string(max)));
      place[i].out = text(sources[i], "use") == "out";
      fill(place[i].parts, items(sources[i], "part"));
    }
  }

  Image& image_;
};

}  // namespace

void compile_search(Image& image, const Source& source, const Types& types) {
  SearchCompiler compiler(image, source);
  for (const auto& [name, type] : types)
    if (type->kind == fhir::TypeKind::resource) compiler.fill(*type);
}

void compile_compartments(Image& image, fhir::Definitions& definitions, const Source& source) {
  fhir::Compartment* place = image.set(definitions.compartments, source.compartments.size());
  for (const Json* json : source.compartments) {
    image.set(place->type, text(*json, "code"));
    std::vector<const Json*> members;
    for (const Json& resource : items(*json, "resource"))
      if (items(resource, "param").size()) members.push_back(&resource);
    fhir::CompartmentMember* member = image.set(place->members, members.size());
    for (const Json* resource : members) {
      image.set(member->type, text(*resource, "code"));
      image.set(member->parameters, texts(*resource, "param"));
      ++member;
    }
    ++place;
  }
}

void compile_operations(Image& image, fhir::Definitions& definitions, const Source& source) {
  OperationCompiler compiler(image);
  fhir::OperationDefinition* place = image.set(definitions.operations, source.operations.size());
  for (const Json* json : source.operations) compiler.fill(*place++, *json);
}

}  // namespace profiles
