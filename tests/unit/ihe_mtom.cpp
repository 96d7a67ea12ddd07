#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "ihe/wire/mtom.h"

using fhir::Kind;
using namespace ihe;

namespace {

// Hands out its bytes in small pieces only, as a file would.
class Slow final : public fhir::Content {
 public:
  explicit Slow(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  std::size_t read(std::uint64_t at, std::span<char> into) const override {
    if (at >= text_.size()) return 0;
    return text_.copy(into.data(), std::min<std::size_t>(into.size(), 7), static_cast<std::size_t>(at));
  }

 private:
  std::string text_;
};

using Content = std::shared_ptr<const fhir::Content>;
Content text(std::string bytes) { return std::make_shared<fhir::TextContent>(std::move(bytes)); }

struct Piece {
  std::string head;
  std::string content;
};

std::string package(const std::vector<Piece>& pieces, std::string_view boundary = "b", std::string_view line = "\r\n") {
  std::string out;
  for (const auto& [head, content] : pieces)
    out.append("--").append(boundary).append(line).append(head).append(line).append(content).append(line);
  return out.append("--").append(boundary).append("--").append(line);
}

const std::string xop_head = "Content-Type: application/xop+xml; type=\"application/soap+xml\"\r\n";

fhir::Result<mtom::Message> read(std::string body, std::string_view type = "multipart/related; boundary=b") {
  return mtom::read(text(std::move(body)), type);
}

Kind kind(const fhir::Result<mtom::Message>& message) { return message ? Kind::internal : message.outcome().kind; }

std::string fetched(const std::string& element, mtom::Attachments& attachments) {
  const auto bytes = "<d xmlns:x='http://www.w3.org/2004/08/xop/include'>" + element + "</d>";
  const auto document = xml::parse(bytes);
  REQUIRE(document);
  const auto content = attachments.bytes_of(*document->root);
  return content ? (*content)->text() : "refused: " + content.outcome().issues.front().diagnostics;
}

}  // namespace

TEST_CASE("mtom: media types with tokens, quoted strings and any case") {
  const auto media =
      mime::read_media(R"( Multipart/Related ;BOUNDARY="a \"b\";c" ; Type=text/xml;start-info = "x" ;e=)");
  CHECK(media.type == "multipart/related");
  CHECK(media.parameter("boundary") == "a \"b\";c");
  CHECK(media.parameter("type") == "text/xml");
  CHECK(media.parameter("start-info") == "x");
  CHECK(media.parameter("e").empty());
  CHECK(mime::read_media("").type.empty());
  for (const auto* good :
       {"text/plain", "application/fhir+json", "text/xml; charset=\"utf-8\"", "Multipart/Related;type=x"})
    CHECK_MESSAGE(mime::is_media(good), good);
  for (const auto* bad :
       {"", "text", "text/", "/plain", "te xt/plain", "text/plain\r\nX: 1", "text/pl\xC3\xA9", "a/b/c"})
    CHECK_FALSE_MESSAGE(mime::is_media(bad), bad);
  CHECK_FALSE(mime::is_media("text/" + std::string(300, 'x')));
}

TEST_CASE("mtom: envelope and documents, in memory or in a file, CRLF or LF") {
  const std::string binary("\0\xFF\r\n--b \r\n--bc\r\n--\r\n", 19);
  for (const std::string_view line : {"\r\n", "\n"}) {
    const auto body = "preamble\r\n" + package({{xop_head + "Content-ID: <root>\r\n", "<e/>"},
                                                {"content-id: <doc@1>\r\nContent-Type: text/plain\r\n", "hello"},
                                                {"Content-ID: doc2\r\nX-Folded: a\r\n b\r\n", ""}},
                                               "b", line);
    for (const auto& content : {text(body), Content(std::make_shared<Slow>(body))}) {
      const auto message = mtom::read(content, "multipart/related; boundary=\"b\"; start=\"<root>\"");
      REQUIRE(message);
      CHECK(message->packaged);
      CHECK(message->root == "<e/>");
      REQUIRE(message->parts.size() == 2);
      CHECK(message->parts[0].id == "doc@1");
      CHECK(message->parts[0].type == "text/plain");
      CHECK(message->parts[0].content->text() == "hello");
      CHECK(message->parts[1].id == "doc2");
      CHECK(message->parts[1].content->size() == 0);
    }
  }
  const auto odd = package({{xop_head, "<e/>"}, {"Content-ID: <d>\r\n", "\0\xFF\n--bc\r\n --b\r\n-- b"}});
  const auto message = read(odd);
  REQUIRE(message);
  CHECK(message->parts[0].content->text() == "\0\xFF\n--bc\r\n --b\r\n-- b");
}

TEST_CASE("mtom: the envelope is the part that start names, else the first; a document may come before it") {
  const auto body = package({{"Content-ID: <d>\r\n", "data"}, {xop_head + "Content-ID: <r%40x>\r\n", "<e/>"}});
  const auto message = read(body, "multipart/related; boundary=b; start=\"<r@x>\"");
  REQUIRE(message);
  CHECK(message->root == "<e/>");
  CHECK(message->parts[0].content->text() == "data");
  CHECK(kind(read(body, "multipart/related; boundary=b; start=\"<other>\"")) == Kind::malformed);
  CHECK(kind(read(body)) == Kind::unsupported);
}

TEST_CASE("mtom: a bare envelope is read as well, of SOAP's types and in UTF-8 alone") {
  const auto message = read("<e/>", "application/soap+xml; charset=utf-8; action=\"urn:x\"");
  REQUIRE(message);
  CHECK(message->root == "<e/>");
  CHECK_FALSE(message->packaged);
  CHECK(read("<e/>", "text/xml"));
  CHECK(kind(read("<e/>", "application/json")) == Kind::unsupported);
  CHECK(kind(read("<e/>", "")) == Kind::unsupported);
  CHECK(kind(read("<e/>", "text/xml; charset=utf-16")) == Kind::unsupported);  // B42
}

TEST_CASE("mtom: parts in base64 or quoted-printable are decoded") {
  const auto body = package({{xop_head + "Content-Transfer-Encoding: quoted-printable\r\n", "<e a=3D\"=\r\n1\"/>"},
                             {"Content-ID: <d>\r\nContent-Transfer-Encoding: BASE64\r\n", "aGVs\r\nbG8="}});
  const auto message = read(body);
  REQUIRE(message);
  CHECK(message->root == "<e a=\"1\"/>");
  CHECK(message->parts[0].content->text() == "hello");
  CHECK(kind(read(package({{xop_head + "Content-Transfer-Encoding: x-gzip\r\n", "<e/>"}}))) == Kind::malformed);
  CHECK(kind(read(package({{xop_head + "Content-Transfer-Encoding: base64\r\n", "<e/>"}}))) == Kind::malformed);
}

TEST_CASE("mtom: B44 boundaries that are missing, too long, unterminated; multipart within multipart") {
  const auto good = package({{xop_head, "<e/>"}});
  CHECK(read(good));
  CHECK(kind(read(good, "multipart/related")) == Kind::malformed);
  CHECK(kind(read(good, "multipart/related; boundary=\"\"")) == Kind::malformed);
  CHECK(kind(read(good, "multipart/related; boundary=other")) == Kind::malformed);
  const std::string longest(70, 'x');
  CHECK(read(package({{xop_head, "<e/>"}}, longest), "multipart/related; boundary=" + longest));
  CHECK(kind(read(package({{xop_head, "<e/>"}}, longest + "x"), "multipart/related; boundary=" + longest + "x")) ==
        Kind::malformed);
  CHECK(kind(read(good.substr(0, good.size() - 4))) == Kind::malformed);
  CHECK(kind(read("--b\r\n" + xop_head)) == Kind::malformed);
  CHECK(kind(read("--b\r\n--b--")) == Kind::malformed);
  CHECK(kind(read("--b--")) == Kind::malformed);
  CHECK(kind(read("")) == Kind::malformed);
  CHECK(kind(read(package({{xop_head, "<e/>"}, {"Content-Type: multipart/mixed; boundary=c\r\n", "--c--"}}))) ==
        Kind::malformed);
  std::string floods = "--b\r\n" + xop_head + "\r\n";
  for (int i = 0; i < 100'000; ++i) floods += "x--b";
  CHECK(kind(read(floods)) == Kind::malformed);
}

TEST_CASE("mtom: B45 parts and their headers have limits") {
  std::vector<Piece> pieces{{xop_head, "<e/>"}};
  for (int i = 1; i < 50; ++i) pieces.push_back({"Content-ID: <" + std::to_string(i) + ">\r\n", "x"});
  CHECK(read(package(pieces)));
  pieces.push_back({"Content-ID: <51>\r\n", "x"});
  CHECK(kind(read(package(pieces))) == Kind::too_large);
  const auto with_header = [](const std::string& header) { return package({{xop_head + header, "<e/>"}}); };
  CHECK(read(with_header("X: " + std::string(297, 'x') + "\r\n")));
  CHECK(kind(read(with_header("X: " + std::string(298, 'x') + "\r\n"))) == Kind::too_large);
  CHECK(kind(read(with_header("X: " + std::string(8193, 'x') + "\r\n"))) == Kind::too_large);
  std::string many;
  for (int i = 0; i < 31; ++i) many += "X: y\r\n";
  CHECK(read(with_header(many)));
  CHECK(kind(read(with_header(many + "X: y\r\n"))) == Kind::too_large);
  for (int i = 0; i < 10'000; ++i) many += "X: y\r\n";
  CHECK(kind(read(with_header(many))) == Kind::too_large);
  std::string folded = "X: y\r\n";
  for (int i = 0; i < 10'000; ++i) folded += " y\r\n";
  CHECK(kind(read(with_header(folded))) == Kind::too_large);
  CHECK(kind(read(with_header("no colon\r\n"))) == Kind::malformed);
  CHECK(kind(read("--b\r\n" + std::string(20'000, 'x') + "\r\n--b--")) == Kind::too_large);
  CHECK(kind(read("<e>" + std::string(33 << 20, ' ') + "</e>", "text/xml")) == Kind::too_large);
}

TEST_CASE("mtom: documents come inline or from the part that is named") {
  mtom::Attachments attachments({{"a@b", "", text("first")}, {"c%40d", "", text("second")}, {"", "", text("third")}});
  CHECK(attachments.left().size() == 3);
  CHECK(fetched("aGVs\n bG8=", attachments) == "hello");
  CHECK(fetched("", attachments) == "");
  CHECK(fetched("<x:Include href='cid:a%40b'/>", attachments) == "first");
  CHECK(fetched("\n <x:Include href='CID:c@d'/>\n", attachments) == "second");
  CHECK(attachments.left().size() == 1);
  CHECK(fetched("=nonsense", attachments).starts_with("refused"));
}

TEST_CASE("mtom: a Content-ID that holds escapes itself is escaped once more in a URL, or not") {
  for (const auto* href : {"cid:a%2540b", "cid:a%40b", "cid:a@b"}) {
    CAPTURE(href);
    mtom::Attachments attachments({{"a%40b", "", text("document")}});
    CHECK(fetched("<x:Include href='" + std::string(href) + "'/>", attachments) == "document");
  }
  mtom::Attachments both({{"a@b", "", text("raw")}, {"a%40b", "", text("escaped")}});
  CHECK(fetched("<x:Include href='cid:a%2540b'/>", both) == "escaped");
  CHECK(fetched("<x:Include href='cid:a%40b'/>", both) == "raw");
}

TEST_CASE("mtom: B46 nothing but a part of this message is followed, and once only") {
  mtom::Attachments attachments({{"a", "", text("first")}, {"", "", text("nameless")}});
  for (const auto* href : {"http://169.254.169.254/", "file:///etc/passwd", "/etc/passwd", "", "cid:", "cid:b", "a"})
    CHECK(fetched("<x:Include href='" + std::string(href) + "'/>", attachments).starts_with("refused"));
  CHECK(fetched("<x:Include/>", attachments).starts_with("refused"));
  CHECK(fetched("<x:Include href='cid:a'/><x:Include href='cid:a'/>", attachments).starts_with("refused"));
  CHECK(fetched("text<x:Include href='cid:a'/>", attachments).starts_with("refused"));
  CHECK(fetched("<other href='cid:a'/>", attachments).starts_with("refused"));
  CHECK(fetched("<x:Include href='cid:a'/>", attachments) == "first");
  CHECK(fetched("<x:Include href='cid:a'/>", attachments).starts_with("refused"));
  const auto twins = package({{xop_head, "<e/>"}, {"Content-ID: <a>\r\n", "1"}, {"Content-ID: <a>\r\n", "2"}});
  CHECK(kind(read(twins)) == Kind::malformed);
}

TEST_CASE("mtom: what is written is read again") {
  const auto document = text(std::string("\r\n--bound\0\r\n", 12));
  const auto written = mtom::write("<e/>", soap::Version::v12, "urn:action",
                                   {{"d@x", "application/pdf", document}, {"e@x", "", text("")}}, "bound-1");
  // A type that would end its header field is not written.
  const auto split = mtom::write("<e/>", soap::Version::v12, "urn:action", {{"d@x", "a/b\r\n\r\nX", text("")}}, "b");
  CHECK(split.content->text().find("\r\nX") == std::string::npos);
  CHECK(mime::read_media(written.content_type).parameter("action") == "urn:action");
  const auto message = mtom::read(text(written.content->text()), written.content_type);
  REQUIRE(mtom::read(written.content, written.content_type));
  REQUIRE(message);
  CHECK(message->root == "<e/>");
  REQUIRE(message->parts.size() == 2);
  CHECK(message->parts[0].type == "application/pdf");
  CHECK(message->parts[0].content->text() == document->text());
  CHECK(message->parts[1].content->size() == 0);
  std::string element;
  xml::Writer writer(element);
  writer.open("d");
  mtom::include(writer, "d@x");
  writer.close();
  CHECK(element == R"(<d><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:d@x"/></d>)");
}
