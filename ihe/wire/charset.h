// The character sets of HL7 v2 messages: HL7 table 0211, as far as Europe's senders use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ihe/wire/hl7v2.h"

namespace ihe::hl7v2 {

// Of MSH-18; "" is Charset::none. Nothing where it is not known.
std::optional<Charset> charset_of(std::string_view declared);

// To UTF-8; nothing where the bytes are not of that set. Charset::none: UTF-8 where it is that, else Latin-1.
std::optional<std::string> decode(std::string_view bytes, Charset charset);

std::string from_latin1(std::string_view bytes);

}  // namespace ihe::hl7v2
