// ebXML registry objects as XML. OASIS ebRIM 3.0.
#include "ihe/wire/ebxml.h"

#include <algorithm>
#include <initializer_list>
#include <unordered_map>
#include <utility>

#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"

namespace ihe::ebxml {
namespace {

using fhir::Outcome;
using fhir::Result;
using xds::Kind;
using xds::Label;
using xds::RegistryObject;
using xml::Element;

constexpr std::string_view xml_ns = "http://www.w3.org/XML/1998/namespace";
// objectType of each.
constexpr std::string_view association_type = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association";
constexpr std::string_view package_type = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage";
constexpr std::string_view classification_type =
    "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification";
constexpr std::string_view identifier_type =
    "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier";

Outcome wrong(std::string text) { return {fhir::Kind::unprocessable, "structure", std::move(text)}; }

// XML attributes that mean something in ebRIM but have no member of their own.
void keep_others(const Element& from, std::initializer_list<std::string_view> names, xds::Attributes& others) {
  for (const auto name : names)
    if (const auto* attribute = from.attribute("", name)) others.emplace_back(name, attribute->value);
}

xds::InternationalString read_text(const Element& parent, std::string_view name) {
  xds::InternationalString text;
  const Element* holder = child(parent, name);
  if (!holder) return text;
  for (const auto& string : *holder) {
    if (string.name != "LocalizedString") continue;
    const auto* lang = string.attribute(xml_ns, "lang");
    text.push_back({std::string(string.value_of("value")), lang ? std::string(lang->value) : std::string(),
                    std::string(string.value_of("charset"))});
  }
  return text;
}

Label read_label(const Element& from) {
  Label label;
  const bool classification = from.name == "Classification";
  label.id = xds::id_of(from.value_of("id"));
  label.scheme = xds::id_of(from.value_of(classification ? "classificationScheme" : "identificationScheme"));
  label.node = xds::id_of(from.value_of("classificationNode"));
  label.value = from.value_of(classification ? "nodeRepresentation" : "value");
  label.slots = read_slots(from);
  label.name = read_text(from, "Name");
  label.description = read_text(from, "Description");
  keep_others(from, {"lid", "home", "status"}, label.others);
  return label;
}

RegistryObject read_object(const Element& from) {
  RegistryObject object;
  object.kind = from.name == "ExtrinsicObject" ? Kind::document_entry
                : from.name == "Association"   ? Kind::association
                                               : Kind::submission_set;
  object.id = xds::id_of(from.value_of("id"));
  object.lid = xds::id_of(from.value_of("lid"));
  object.home = from.value_of("home");
  object.status = from.value_of("status");
  object.mime_type = from.value_of("mimeType");
  if (object.kind == Kind::document_entry) object.object_type = xds::id_of(from.value_of("objectType"));
  object.type = from.value_of("associationType");
  object.source = xds::id_of(from.value_of("sourceObject"));
  object.target = xds::id_of(from.value_of("targetObject"));
  object.slots = read_slots(from);
  object.name = read_text(from, "Name");
  object.description = read_text(from, "Description");
  if (const auto* version = child(from, "VersionInfo")) object.version = version->value_of("versionName");
  for (const auto& part : from) {
    if (part.name == "Classification") object.classifications.push_back(read_label(part));
    if (part.name == "ExternalIdentifier") object.identifiers.push_back(read_label(part));
  }
  if (object.kind == Kind::document_entry) keep_others(from, {"isOpaque"}, object.others);
  return object;
}

// Whether a package is a folder: its node says so, or else its identifiers.
Result<Kind> kind_of_package(const RegistryObject& package) {
  const auto has_node = [&](std::string_view node) {
    return std::any_of(package.classifications.begin(), package.classifications.end(),
                       [&](const Label& label) { return label.node == node; });
  };
  const bool set = has_node(xds::scheme::submission_set_node);
  const bool folder = has_node(xds::scheme::folder_node);
  if (set != folder) return folder ? Kind::folder : Kind::submission_set;
  if (set) return wrong("The RegistryPackage " + package.id + " is classified as a SubmissionSet and as a Folder");
  return wrong("The RegistryPackage " + package.id + " is classified neither as a SubmissionSet nor as a Folder");
}

class Reader {
 public:
  Result<xds::Submission> read(const Element& list) {
    for (const auto& element : list)
      if (auto taken = take(element); !taken) return std::move(taken.outcome());
    for (const auto& [target, label] : loose_) {
      const auto found = places_.find(target);
      if (found == places_.end())
        return wrong("A Classification names \"" + target + "\", which is not in the message");
      submission_.objects[found->second].classifications.push_back(label);
    }
    for (auto& object : submission_.objects) {
      if (object.kind != Kind::submission_set) continue;
      auto kind = kind_of_package(object);
      if (!kind) return std::move(kind.outcome());
      object.kind = *kind;
    }
    return std::move(submission_);
  }

 private:
  Result<bool> take(const Element& element) {
    if (element.name == "ObjectRef") return true;
    if (element.name == "Classification") {
      loose_.emplace_back(xds::id_of(element.value_of("classifiedObject")), read_label(element));
      return true;
    }
    if (element.name != "ExtrinsicObject" && element.name != "RegistryPackage" && element.name != "Association")
      return wrong("\"" + std::string(element.name) + "\" has no meaning in XDS metadata");
    auto object = read_object(element);
    for (const auto& part : element) {
      const auto owner = part.value_of(part.name == "Classification" ? "classifiedObject" : "registryObject");
      if (!owner.empty() && !object.id.empty() && xds::id_of(owner) != object.id)
        return wrong("A " + std::string(part.name) + " within \"" + object.id + "\" says that it is of \"" +
                     std::string(owner) + "\"");
    }
    if (object.id.empty()) {  // of associations many senders leave it out
      if (object.kind != Kind::association) return wrong("A " + std::string(element.name) + " has no id");
      object.id = "association " + std::to_string(submission_.objects.size());
    }
    if (submission_.objects.size() == most_objects)
      return Outcome(fhir::Kind::too_large, "too-long",
                     "A submission may have " + std::to_string(most_objects) + " objects");
    if (!places_.emplace(object.id, submission_.objects.size()).second)
      return wrong("The id \"" + object.id + "\" is given to two objects");
    submission_.objects.push_back(std::move(object));
    return true;
  }

  xds::Submission submission_;
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<std::pair<std::string, Label>> loose_;  // classifiedObject, and what classifies it
};

template <class Slots>
void write_slots(xml::Writer& to, const Slots& slots) {
  for (const auto& slot : slots) {
    to.open("rim:Slot").attribute("name", slot.name).attribute_if("slotType", slot.type).open("rim:ValueList");
    for (const auto& value : slot.values) to.element("rim:Value", value);
    to.close().close();
  }
}

template <class Text>
void write_text(xml::Writer& to, std::string_view name, const Text& text) {
  if (text.empty()) return;
  to.open(name);
  for (const auto& string : text)
    to.open("rim:LocalizedString")
        .attribute_if("xml:lang", string.lang)
        .attribute_if("charset", string.charset)
        .attribute("value", string.value)
        .close();
  to.close();
}

template <class Form>
void write_label(xml::Writer& to, const xds::LabelIn<Form>& label, std::string_view owner, bool classification) {
  to.open(classification ? "rim:Classification" : "rim:ExternalIdentifier");
  to.attribute("id", label.id);
  to.attribute("objectType", classification ? classification_type : identifier_type);
  if (classification) {
    to.attribute_if("classificationScheme", label.scheme).attribute("classifiedObject", owner);
    to.attribute_if("classificationNode", label.node);
    if (!label.scheme.empty()) to.attribute("nodeRepresentation", label.value);
  } else {
    to.attribute("registryObject", owner).attribute("identificationScheme", label.scheme);
    to.attribute("value", label.value);
  }
  for (const auto& [name, value] : label.others) to.attribute(name, value);
  write_slots(to, label.slots);
  write_text(to, "rim:Name", label.name);
  write_text(to, "rim:Description", label.description);
  to.close();
}

}  // namespace

const Element* child(const Element& of, std::string_view name) {
  for (const auto& element : of)
    if (element.name == name) return &element;
  return nullptr;
}

std::vector<xds::Slot> read_slots(const Element& parent) {
  std::vector<xds::Slot> slots;
  for (const auto& element : parent) {
    if (element.name != "Slot") continue;
    xds::Slot slot{std::string(element.value_of("name")), std::string(element.value_of("slotType")), {}};
    if (const auto* list = child(element, "ValueList"))
      for (const auto& value : *list)
        if (value.name == "Value") slot.values.emplace_back(value.word());
    slots.push_back(std::move(slot));
  }
  return slots;
}

Result<xds::Submission> read(const Element& request) {
  const Element* list = child(request, "RegistryObjectList");
  if (!list) return wrong("The request has no RegistryObjectList");
  auto submission = Reader().read(*list);
  if (submission)
    if (const auto* slots = child(request, "RequestSlotList")) submission->slots = read_slots(*slots);
  return submission;
}

template <class Form>
void write(xml::Writer& to, const xds::RegistryObjectIn<Form>& object) {
  const bool entry = object.kind == Kind::document_entry;
  const bool association = object.kind == Kind::association;
  to.open(entry ? "rim:ExtrinsicObject" : association ? "rim:Association" : "rim:RegistryPackage");
  to.attribute("id", object.id).attribute_if("home", object.home);
  to.attribute("lid", xds::lid(object));
  to.attribute("objectType", entry         ? std::string_view(object.object_type)
                             : association ? association_type
                                           : package_type);
  to.attribute_if("status", object.status);
  if (association)
    to.attribute("associationType", object.type)
        .attribute("sourceObject", object.source)
        .attribute("targetObject", object.target);
  if (entry) to.attribute_if("mimeType", object.mime_type);
  for (const auto& [name, value] : object.others) to.attribute(name, value);
  write_slots(to, object.slots);
  write_text(to, "rim:Name", object.name);
  write_text(to, "rim:Description", object.description);
  to.open("rim:VersionInfo")
      .attribute("versionName", object.version.empty() ? std::string_view("1") : object.version)
      .close();
  for (const auto& label : object.classifications) write_label(to, label, object.id, true);
  for (const auto& label : object.identifiers) write_label(to, label, object.id, false);
  to.close();
}

template void write(xml::Writer&, const xds::RegistryObjectIn<xds::Owned>&);
template void write(xml::Writer&, const xds::RegistryObjectIn<xds::Shown>&);

}  // namespace ihe::ebxml
