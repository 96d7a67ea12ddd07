// Words of XDS and FHIR for the same thing: see words.h.
#include "ihe/xds/words.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/value.h"
#include "ihe/xds/attribute.h"

namespace ihe::xds {
namespace {

struct System {
  std::string_view oid, uri;
};
// http://hl7.org/fhir/R4/terminologies-systems.html, and the format codes of IHE.
constexpr std::array systems{
    System{"2.16.840.1.113883.6.1", "http://loinc.org"},
    System{"2.16.840.1.113883.6.96", "http://snomed.info/sct"},
    System{"2.16.840.1.113883.5.25", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"},
    System{"2.16.840.1.113883.5.4", "http://terminology.hl7.org/CodeSystem/v3-ActCode"},
    System{"2.16.840.1.113883.5.8", "http://terminology.hl7.org/CodeSystem/v3-ActReason"},
    System{"2.16.840.1.113883.6.73", "http://www.whocc.no/atc"},
    System{"2.16.840.1.113883.6.3", "http://hl7.org/fhir/sid/icd-10"},
    System{"1.3.6.1.4.1.19376.1.2.3", "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode"},
    System{"1.2.840.10008.2.16.4", "http://dicom.nema.org/resources/ontology/DCM"},
};

constexpr std::string_view oid_prefix = "urn:oid:";
constexpr std::string_view scheme_prefix = "urn:x-ihe-scheme:";  // a scheme that is neither OID nor URI
constexpr std::string_view unique_system = "urn:x-ihe-unique-id";

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon > 1 &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

}  // namespace

std::string system_of(std::string_view scheme) {
  for (const auto& [oid, uri] : systems)
    if (oid == scheme) return std::string(uri);
  if (is_oid(scheme)) return std::string(oid_prefix) + std::string(scheme);
  if (is_uri(scheme)) return std::string(scheme);
  return std::string(scheme_prefix) + escaped(scheme);
}

std::string scheme_of(std::string_view system) {
  for (const auto& [oid, uri] : systems)
    if (uri == system) return std::string(oid);
  if (system.starts_with(oid_prefix) && is_oid(system.substr(oid_prefix.size())))
    return std::string(system.substr(oid_prefix.size()));
  if (system.starts_with(scheme_prefix)) return unescaped(system.substr(scheme_prefix.size()));
  return std::string(system);
}

std::string hd_of(std::string_view scheme) {
  if (scheme.empty()) return {};
  return "&" + written(scheme) + (is_oid(scheme) ? "&ISO" : "&URI");
}

std::string scheme_of_hd(std::string_view hd) {
  const auto type = component(hd, 3, '&'), id = component(hd, 2, '&');
  return type == "URI" || (type == "ISO" && is_oid(id)) ? plain(id) : std::string();
}

std::string date_time_of(std::string_view dtm) {
  if (!dtm_of(dtm)) return {};
  const auto part = [&](std::size_t at) {
    return dtm.size() > at ? std::string(dtm.substr(at, 2)) : std::string("00");
  };
  std::string out(dtm.substr(0, 4));
  if (dtm.size() > 4) out += "-" + part(4);
  if (dtm.size() > 6) out += "-" + part(6);
  if (dtm.size() > 8) out += "T" + part(8) + ":" + part(10) + ":" + part(12) + "Z";
  return out;
}

std::string dtm_from(std::string_view date_time) {
  if (date_time.size() <= 10) {
    std::string out;
    std::copy_if(date_time.begin(), date_time.end(), std::back_inserter(out), [](char c) { return c != '-'; });
    return dtm_of(out) ? out : std::string();
  }
  const auto parsed = fhir::parse_date_time(date_time);
  return parsed ? dtm_text(parsed->low) : std::string();
}

Name identifier_of(std::string_view unique_id) {
  const auto caret = unique_id.find('^');
  if (caret == std::string_view::npos) {
    if (is_oid(unique_id)) return {std::string(rfc3986), std::string(oid_prefix) + std::string(unique_id)};
    if (is_uri(unique_id)) return {std::string(rfc3986), std::string(unique_id)};
  } else if (is_oid(unique_id.substr(0, caret)) && caret + 1 < unique_id.size()) {
    return {std::string(oid_prefix) + std::string(unique_id.substr(0, caret)),
            std::string(unique_id.substr(caret + 1))};
  }
  return {std::string(unique_system), std::string(unique_id)};
}

std::string unique_id_from(std::string_view system, std::string_view value) {
  if (system.empty() || system == rfc3986 || system == unique_system) {
    const bool oid = value.starts_with(oid_prefix) && is_oid(value.substr(oid_prefix.size()));
    return std::string(oid ? value.substr(oid_prefix.size()) : value);
  }
  return scheme_of(system) + "^" + std::string(value);
}

}  // namespace ihe::xds
