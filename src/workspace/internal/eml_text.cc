// Mail messages (RFC 5322, 2045 to 2047).
#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/html_text.h"
#include "workspace/internal/rich_text.h"
#include "workspace/internal/text_encoding.h"

namespace baton::workspace::internal {
namespace {

constexpr int kMaxPartDepth = 10;
constexpr std::size_t kMaxParts = 1000;
constexpr std::size_t kMaxMailHeader = 2000;

std::string LowerCaseOf(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// `in_header`: '_' stands for a space (RFC 2047).
std::string DecodeQuotedPrintable(std::string_view text, bool in_header) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
        HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else if (text[i] == '=' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
    } else {
      out += in_header && text[i] == '_' ? ' ' : text[i];
    }
  }
  return out;
}

std::string DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t value = kDigits.find(c);
    if (value == std::string_view::npos) continue;
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
  }
  return out;
}

std::string ToText(std::string_view bytes, std::string_view charset) {
  auto decoded = DecodeText(bytes, charset);
  return decoded ? std::move(decoded->text) : std::string();
}

// "=?utf-8?B?…?=" within a header, by what it stands for.
std::string DecodeHeader(std::string_view text) {
  // An encoded word takes up to four times what it stands for; more than is kept is not looked
  // at, as every "=?" may look for its end through all the rest.
  text = text.substr(0, 4 * kMaxMailHeader);
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = text.find("=?");
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const std::size_t charset = text.find('?', begin + 2);
    const std::size_t coding =
        charset == std::string_view::npos ? charset : text.find('?', charset + 1);
    const std::size_t end = coding == std::string_view::npos ? coding : text.find("?=", coding + 1);
    if (end == std::string_view::npos || coding != charset + 2) {
      out += "=?";
      text.remove_prefix(begin + 2);
      continue;
    }
    const std::string_view word = text.substr(coding + 1, end - coding - 1);
    const bool base64 = (text[charset + 1] | 0x20) == 'b';
    const std::string bytes = base64 ? DecodeBase64(word) : DecodeQuotedPrintable(word, true);
    out += ToText(bytes, text.substr(begin + 2, charset - begin - 2));
    text.remove_prefix(end + 2);
    // Blanks between two encoded words are not meant.
    const std::size_t next = text.find_first_not_of(" \t\n");
    if (next != std::string_view::npos && text.substr(next).starts_with("=?")) {
      text.remove_prefix(next);
    }
  }
  return OneLine(ReplaceInvalidUtf8(out), kMaxMailHeader);
}

struct Part {
  std::map<std::string, std::string> headers;  // by lower-case name, the first of each
  std::string_view body;

  std::string Get(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

Part SplitPart(std::string_view text) {
  Part part;
  std::string name;
  LineReader lines(text);
  while (lines.Next()) {
    const std::string_view line = lines.line();
    if (line.empty()) {
      part.body = text.substr(std::min(lines.end() + 1, text.size()));
      return part;
    }
    if ((line.front() == ' ' || line.front() == '\t') && !name.empty()) {
      std::string& value = part.headers[name];
      if (value.size() < kMaxMailHeader) value += " " + std::string(Trim(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    name = LowerCaseOf(line.substr(0, colon));
    if (colon == std::string_view::npos || part.headers.contains(name)) {
      name.clear();
      continue;
    }
    part.headers[name] = Trim(line.substr(colon + 1));
  }
  return part;
}

// The value of "; name=value" in a header; empty if there is none.
std::string ParameterOf(const std::string& header, const std::string& name) {
  const std::string lower = LowerCaseOf(header);
  const std::size_t at = lower.find(name + "=");
  if (at == std::string::npos) return {};
  std::string_view value = std::string_view(header).substr(at + name.size() + 1);
  if (value.starts_with('"')) return std::string(value.substr(1, value.substr(1).find('"')));
  return std::string(value.substr(0, value.find_first_of("; \t")));
}

class MailReader {
 public:
  void Read(const Part& part, int depth) {
    if (depth > kMaxPartDepth || ++parts_ > kMaxParts) return;
    const std::string type_header = part.Get("content-type");
    const std::string type = LowerCaseOf(Trim(type_header.substr(0, type_header.find(';'))));
    if (type.starts_with("multipart/")) {
      ReadMultipart(part.body, ParameterOf(type_header, "boundary"),
                    type == "multipart/alternative", depth);
      return;
    }
    std::string name = ParameterOf(part.Get("content-disposition"), "filename");
    if (name.empty()) name = ParameterOf(type_header, "name");
    const bool attached = part.Get("content-disposition").starts_with("attachment");
    if (type == "message/rfc822") {
      const Part inner = SplitPart(part.body);
      Append("Subject: " + DecodeHeader(inner.Get("subject")));
      Read(inner, depth + 1);
    } else if (attached || (!type.empty() && !type.starts_with("text/"))) {
      if (!name.empty()) attachments_.push_back(DecodeHeader(name));
    } else {
      ReadText(part, type == "text/html", ParameterOf(type_header, "charset"));
    }
  }

  std::string Take() && {
    for (const std::string& name : attachments_) Append("Attached: " + name);
    return std::move(text_);
  }

 private:
  void ReadMultipart(std::string_view body, const std::string& boundary, bool alternative,
                     int depth) {
    if (boundary.empty()) return;
    const std::string mark = "--" + boundary;
    const std::size_t length = text_.size();
    std::size_t at = body.starts_with(mark) ? 0 : body.find("\n" + mark);
    while (at != std::string_view::npos) {
      const std::size_t begin = body.find('\n', at + mark.size());
      if (begin == std::string_view::npos || body.substr(at, mark.size() + 3).ends_with("--")) {
        return;
      }
      const std::size_t next = body.find("\n" + mark, begin);
      Read(SplitPart(body.substr(begin + 1, next == std::string_view::npos
                                                ? next
                                                : std::max(next, begin + 1) - begin - 1)),
           depth + 1);
      // The first alternative with text is the plainest.
      if (alternative && text_.size() > length) return;
      at = next;
    }
  }

  void ReadText(const Part& part, bool is_html, const std::string& charset) {
    const std::string coding = LowerCaseOf(part.Get("content-transfer-encoding"));
    std::string bytes(part.body);
    if (coding == "base64") bytes = DecodeBase64(part.body);
    if (coding == "quoted-printable") bytes = DecodeQuotedPrintable(part.body, false);
    std::string text = ToText(bytes, charset);
    if (is_html) {
      const auto page =
          ReadHtml(text, {.memory = std::size_t{256} << 20U, .cpu = std::chrono::seconds(5)});
      text = page ? page->text : std::string();
    }
    Append(Trim(text));
  }

  void Append(std::string_view text) {
    if (text.empty() || text_.size() > kMaxRichText) return;
    if (!text_.empty()) text_ += "\n\n";
    text_ += text;
  }

  std::string text_;
  std::vector<std::string> attachments_;
  std::size_t parts_ = 0;
};

}  // namespace

Result<RichText> ReadEml(std::string_view bytes) {
  std::string lines(bytes);
  std::erase(lines, '\r');
  const Part message = SplitPart(lines);
  if (message.Get("from").empty() && message.Get("subject").empty() &&
      message.Get("date").empty()) {
    return Fail(Code::kInvalidArgument, "no mail message: neither From nor Subject nor Date");
  }
  MailReader reader;
  reader.Read(message, 0);
  RichText mail{.title = DecodeHeader(message.Get("subject"))};
  for (const char* name : {"From", "To", "Cc", "Date"}) {
    const std::string value = DecodeHeader(message.Get(LowerCaseOf(name)));
    if (value.empty()) continue;
    mail.text += std::string(name) + ": " + value + "\n";
    mail.metadata[LowerCaseOf(name)] = value;
  }
  mail.text += "\n" + std::move(reader).Take();
  std::erase(mail.text, '\0');
  if (!IsValidUtf8(mail.text)) mail.text = ReplaceInvalidUtf8(mail.text);
  return mail;
}

}  // namespace baton::workspace::internal
