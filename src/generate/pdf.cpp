// The smallest honest PDF: catalogue, pages, one built-in font, one content stream a page, cross-reference table.
// ISO 32000-1, sections 7.5 (file structure), 9.6.2.2 (standard fonts), annex D (WinAnsiEncoding).
#include <algorithm>

#include "src/generate/calendar.h"
#include "src/generate/document.h"

namespace alzette::generate {
namespace {

constexpr std::size_t lines_a_page = 50;

bool is_plain(char c) { return static_cast<unsigned char>(c) < 0x80 && c != '(' && c != ')' && c != '\\'; }

// UTF-8 to a PDF string literal in WinAnsiEncoding.
void append_literal(std::string& out, std::string_view text) {
  out += '(';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto run = static_cast<std::size_t>(
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_plain) - text.begin());
    out.append(text.substr(at, run - at));
    at = run;
    if (at == text.size()) break;
    auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      (out += '\\') += text[at];
      continue;
    }
    unsigned point = byte & 0x1Fu;
    while (at + 1 < text.size() && (static_cast<unsigned char>(text[at + 1]) & 0xC0) == 0x80)
      point = point << 6 | (static_cast<unsigned char>(text[++at]) & 0x3Fu);
    if (point >= 0xA0 && point <= 0xFF) {
      out += static_cast<char>(point);
    } else if (point == 0x152 || point == 0x153) {
      out += point == 0x152 ? '\x8C' : '\x9C';
    } else {
      constexpr unsigned marked[] = {0x106, 0x107, 0x10C, 0x10D, 0x131, 0x15E, 0x15F, 0x160, 0x161, 0x11F};
      constexpr char plain[] = "CcCciSsSsg";
      auto found = std::find(std::begin(marked), std::end(marked), point);
      out += found == std::end(marked) ? '?' : plain[found - std::begin(marked)];
    }
  }
  out += ')';
}

std::string content(std::string_view title, const std::vector<std::string>& lines, std::size_t first) {
  std::string out = "BT /F1 14 Tf 60 790 Td ";
  append_literal(out, title);
  out += " Tj /F1 10 Tf 14 TL 0 -24 Td\n";
  for (std::size_t at = first; at < std::min(first + lines_a_page, lines.size()); ++at) {
    append_literal(out, lines[at]);
    out += " Tj T*\n";
  }
  return out + "ET\n";
}

}  // namespace

std::string pdf(std::string_view title, const std::vector<std::string>& lines) {
  std::size_t pages = std::max<std::size_t>(1, (lines.size() + lines_a_page - 1) / lines_a_page);
  std::string out = "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n";
  std::vector<std::size_t> offsets;
  auto object = [&](const std::string& body) {
    offsets.push_back(out.size());
    out += std::to_string(offsets.size()) + " 0 obj\n" + body + "\nendobj\n";
  };
  object("<< /Type /Catalog /Pages 2 0 R >>");
  std::string kids;
  for (std::size_t page = 0; page < pages; ++page) kids += std::to_string(4 + 2 * page) + " 0 R ";
  object("<< /Type /Pages /Kids [ " + kids + "] /Count " + std::to_string(pages) + " >>");
  object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
  for (std::size_t page = 0; page < pages; ++page) {
    object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents " +
           std::to_string(5 + 2 * page) + " 0 R >>");
    std::string stream = content(title, lines, page * lines_a_page);
    object("<< /Length " + std::to_string(stream.size()) + " >>\nstream\n" + stream + "endstream");
  }
  std::size_t table = out.size();
  out += "xref\n0 " + std::to_string(offsets.size() + 1) + "\n0000000000 65535 f \n";
  for (std::size_t offset : offsets) {
    append_digits(out, static_cast<unsigned>(offset), 10);
    out += " 00000 n \n";
  }
  out += "trailer\n<< /Size " + std::to_string(offsets.size() + 1) + " /Root 1 0 R >>\nstartxref\n";
  return out + std::to_string(table) + "\n%%EOF\n";
}

}  // namespace alzette::generate
