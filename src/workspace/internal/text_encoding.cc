#include "workspace/internal/text_encoding.h"

#include <utility>

#include <unicode/ucnv.h>

#include "base/utf8.h"

namespace baton::workspace::internal {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kUtf16LittleMark = "\xFF\xFE";
constexpr std::string_view kUtf16BigMark = "\xFE\xFF";

// More control characters than one in this many bytes is no text.
constexpr std::size_t kBytesPerControlCharacter = 50;

bool IsKnownEncoding(const std::string& name) {
  UErrorCode error = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(name.c_str(), &error);
  if (U_FAILURE(error)) return false;
  ucnv_close(converter);
  return true;
}

// What has no meaning in the encoding becomes U+FFFD.
Result<std::string> ConvertToUtf8(std::string_view bytes, const std::string& encoding) {
  UErrorCode error = U_ZERO_ERROR;
  const char* const source = bytes.data();
  const auto size = static_cast<std::int32_t>(bytes.size());  // files are limited far below 2 GiB
  const std::int32_t needed =
      ucnv_convert("UTF-8", encoding.c_str(), nullptr, 0, source, size, &error);
  if (U_FAILURE(error) && error != U_BUFFER_OVERFLOW_ERROR) {
    return Fail(Code::kInvalidArgument, "not {}: {}", encoding, u_errorName(error));
  }
  std::string text(static_cast<std::size_t>(needed), '\0');
  error = U_ZERO_ERROR;
  ucnv_convert("UTF-8", encoding.c_str(), text.data(), needed, source, size, &error);
  if (U_FAILURE(error)) {
    return Fail(Code::kInvalidArgument, "not {}: {}", encoding, u_errorName(error));
  }
  return text;
}

// Changelogs that many hands wrote are UTF-8 with a few old bytes in them: reading all of such
// a file as Windows-1252 would garble what is right.
bool IsMostlyUtf8(std::string_view bytes) {
  std::size_t high = 0;
  for (const char c : bytes) high += static_cast<unsigned char>(c) >= 0x80 ? 1 : 0;
  std::size_t invalid = 0;
  for (std::size_t bad = FindInvalidUtf8(bytes); bad != std::string_view::npos;
       bad = FindInvalidUtf8(bytes)) {
    if (++invalid * 4 > high) return false;
    bytes.remove_prefix(bad + 1);
  }
  return true;
}

Result<DecodedText> DecodeBytes(std::string_view bytes, std::string_view declared) {
  if (bytes.starts_with(kUtf16LittleMark) || bytes.starts_with(kUtf16BigMark)) {
    const std::string encoding = bytes.starts_with(kUtf16LittleMark) ? "UTF-16LE" : "UTF-16BE";
    Result<std::string> text = ConvertToUtf8(bytes.substr(2), encoding);
    if (!text) return Fail(std::move(text).error());
    return DecodedText{*std::move(text), encoding};
  }
  if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
  if (bytes.find('\0') != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "binary file");
  }
  if (IsValidUtf8(bytes)) return DecodedText{std::string(bytes), "UTF-8"};
  std::string encoding = "windows-1252";
  if (!declared.empty() && IsKnownEncoding(std::string(declared))) {
    encoding = declared;
  } else if (IsMostlyUtf8(bytes)) {
    return DecodedText{ReplaceInvalidUtf8(bytes), "UTF-8"};
  }
  Result<std::string> text = ConvertToUtf8(bytes, encoding);
  if (!text) return Fail(std::move(text).error());
  return DecodedText{*std::move(text), std::move(encoding)};
}

void DropLastCharacter(std::string& text) {
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) {
    text.pop_back();
  }
  if (!text.empty() && text.back() != '\n') text.pop_back();
}

// Line ends become LF; control characters go. A backspace strikes the character before it out,
// as in manual pages formatted for printers.
Result<std::string> CleanControls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t controls = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\r') {
      if (i + 1 == text.size() || text[i + 1] != '\n') out += '\n';
    } else if (c == '\f' || c == '\v') {
      out += '\n';
    } else if (c == '\b') {
      DropLastCharacter(out);
    } else if (c == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      ++i;  // U+0080 to U+009F: what Windows-1252 leaves undefined
      ++controls;
    } else if (c == 0x7F || (c < 0x20 && c != '\t' && c != '\n')) {
      ++controls;
    } else {
      out += text[i];
    }
  }
  if (controls * kBytesPerControlCharacter > text.size()) {
    return Fail(Code::kInvalidArgument, "binary file");
  }
  return out;
}

}  // namespace

Result<DecodedText> DecodeText(std::string_view bytes, std::string_view declared) {
  Result<DecodedText> decoded = DecodeBytes(bytes, declared);
  if (!decoded) return decoded;
  if (decoded->text.find('\0') != std::string::npos) {
    return Fail(Code::kInvalidArgument, "binary file");
  }
  Result<std::string> clean = CleanControls(decoded->text);
  if (!clean) return Fail(std::move(clean).error());
  decoded->text = *std::move(clean);
  return decoded;
}

}  // namespace baton::workspace::internal
