#include "workspace/web/internal/charset.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

#include "base/check.h"
#include "base/utf8.h"
#include "http/message.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::web::internal {
namespace {

using workspace::internal::Trim;

// encoding.spec.whatwg.org/#names-and-labels: name, ICU's converter, and the labels in use
// besides the name.
struct Charset {
  std::string_view name;
  const char* converter;
  std::string_view labels;  // separated by blanks
};
constexpr std::array kCharsets = {
    Charset{"UTF-8", "UTF-8", "utf8 unicode-1-1-utf-8 x-unicode20utf8"},
    Charset{"windows-1252", "windows-1252",
            "ascii us-ascii ansi_x3.4-1968 latin1 l1 iso-8859-1 iso8859-1 iso_8859-1 iso88591 "
            "cp1252 cp819 x-cp1252 ibm819"},
    Charset{"ISO-8859-2", "ISO-8859-2", "iso8859-2 iso_8859-2 iso88592 latin2 l2"},
    Charset{"ISO-8859-3", "ISO-8859-3", "iso8859-3 iso_8859-3 latin3 l3"},
    Charset{"ISO-8859-4", "ISO-8859-4", "iso8859-4 iso_8859-4 latin4 l4"},
    Charset{"ISO-8859-5", "ISO-8859-5", "iso8859-5 iso_8859-5 cyrillic"},
    Charset{"ISO-8859-6", "ISO-8859-6", "iso8859-6 iso_8859-6 arabic iso-8859-6-i iso-8859-6-e"},
    Charset{"ISO-8859-7", "ISO-8859-7", "iso8859-7 iso_8859-7 greek greek8 sun_eu_greek"},
    Charset{"ISO-8859-8", "ISO-8859-8", "iso8859-8 iso_8859-8 hebrew visual iso-8859-8-i logical"},
    Charset{"ISO-8859-10", "iso-8859_10-1998", "iso8859-10 latin6 l6"},
    Charset{"ISO-8859-13", "ISO-8859-13", "iso8859-13"},
    Charset{"ISO-8859-14", "iso-8859_14-1998", "iso8859-14"},
    Charset{"ISO-8859-15", "ISO-8859-15", "iso8859-15 iso_8859-15 latin9 l9"},
    Charset{"KOI8-R", "KOI8-R", "koi koi8 koi8_r"},
    Charset{"KOI8-U", "KOI8-U", "koi8-ru"},
    Charset{"macintosh", "macintosh", "mac x-mac-roman"},
    Charset{"IBM866", "IBM866", "866 cp866"},
    Charset{"windows-874", "windows-874", "tis-620 iso-8859-11 dos-874"},
    Charset{"windows-1250", "windows-1250", "cp1250 x-cp1250"},
    Charset{"windows-1251", "windows-1251", "cp1251 x-cp1251"},
    Charset{"windows-1253", "windows-1253", "cp1253 x-cp1253"},
    Charset{"windows-1254", "windows-1254", "cp1254 x-cp1254 iso-8859-9 iso8859-9 latin5 l5"},
    Charset{"windows-1255", "windows-1255", "cp1255 x-cp1255"},
    Charset{"windows-1256", "windows-1256", "cp1256 x-cp1256"},
    Charset{"windows-1257", "windows-1257", "cp1257 x-cp1257"},
    Charset{"windows-1258", "windows-1258", "cp1258 x-cp1258"},
    Charset{"GBK", "gb18030", "gb2312 gb_2312 gb_2312-80 x-gbk chinese csgb2312 iso-ir-58"},
    Charset{"gb18030", "gb18030", ""},
    Charset{"Big5", "Big5", "big5-hkscs cn-big5 x-x-big5 csbig5"},
    Charset{"EUC-JP", "EUC-JP", "x-euc-jp cseucpkdfmtjapanese"},
    Charset{"ISO-2022-JP", "ISO-2022-JP", "csiso2022jp"},
    Charset{"Shift_JIS", "ibm-943_P15A-2003",
            "shift-jis sjis ms_kanji ms932 windows-31j x-sjis csshiftjis"},
    Charset{"EUC-KR", "windows-949",
            "cseuckr korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 iso-ir-149"},
    Charset{"UTF-16LE", "UTF-16LE", "utf-16 ucs-2 iso-10646-ucs-2 unicode csunicode"},
    Charset{"UTF-16BE", "UTF-16BE", "unicodefffe"},
};

bool HasLabel(const Charset& charset, std::string_view label) {
  if (http::EqualsIgnoreCase(charset.name, label)) return true;
  std::string_view labels = charset.labels;
  while (!labels.empty()) {
    const std::size_t end = std::min(labels.find(' '), labels.size());
    if (http::EqualsIgnoreCase(labels.substr(0, end), label)) return true;
    labels.remove_prefix(std::min(end + 1, labels.size()));
  }
  return false;
}

const Charset* FindCharset(std::string_view label) {
  const auto* found =
      std::ranges::find_if(kCharsets, [&](const Charset& c) { return HasLabel(c, label); });
  return found == kCharsets.end() ? nullptr : found;
}

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
struct CloseDetector {
  void operator()(UCharsetDetector* detector) const { ucsdet_close(detector); }
};

std::string Transcode(std::string_view bytes, const Charset& charset) {
  if (charset.name == "UTF-8") {
    return IsValidUtf8(bytes) ? std::string(bytes) : ReplaceInvalidUtf8(bytes);
  }
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, CloseConverter> from(ucnv_open(charset.converter, &error));
  const std::unique_ptr<UConverter, CloseConverter> to(ucnv_open("UTF-8", &error));
  BATON_CHECK(U_SUCCESS(error), std::string("ICU has no converter for ") + charset.converter);
  std::string out;
  const char* source = bytes.data();
  const char* const end = source + bytes.size();
  std::array<UChar, 1024> pivot;
  UChar* pivot_source = pivot.data();
  UChar* pivot_target = pivot.data();
  bool is_first = true;
  do {
    std::array<char, 8192> piece;
    char* target = piece.data();
    error = U_ZERO_ERROR;
    ucnv_convertEx(to.get(), from.get(), &target, target + piece.size(), &source, end, pivot.data(),
                   &pivot_source, &pivot_target, pivot.data() + pivot.size(), is_first, true,
                   &error);
    is_first = false;
    out.append(piece.data(), static_cast<std::size_t>(target - piece.data()));
  } while (error == U_BUFFER_OVERFLOW_ERROR);
  return out;
}

// What ICU's statistics take the bytes for; windows-1252 when they cannot tell.
const Charset& LookAt(std::string_view bytes) {
  constexpr std::size_t kEnoughBytes = 64 << 10U;
  constexpr int kSureEnough = 30;  // of 100
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UCharsetDetector, CloseDetector> detector(ucsdet_open(&error));
  const auto size = static_cast<std::int32_t>(std::min(bytes.size(), kEnoughBytes));
  ucsdet_setText(detector.get(), bytes.data(), size, &error);
  ucsdet_enableInputFilter(detector.get(), 1);  // tags say nothing about the language
  const UCharsetMatch* match = ucsdet_detect(detector.get(), &error);
  if (U_SUCCESS(error) && match != nullptr && ucsdet_getConfidence(match, &error) >= kSureEnough) {
    const char* name = ucsdet_getName(match, &error);
    if (U_SUCCESS(error)) {
      if (const Charset* known = FindCharset(name)) return *known;
    }
  }
  return *FindCharset("windows-1252");
}

// The charset, and what is left of `bytes` without a byte order mark.
const Charset& Choose(std::string_view& bytes, std::string_view declared, bool is_html) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kMarks = {
      {{"\xEF\xBB\xBF", "UTF-8"}, {"\xFE\xFF", "UTF-16BE"}, {"\xFF\xFE", "UTF-16LE"}}};
  for (const auto& [mark, name] : kMarks) {
    if (!bytes.starts_with(mark)) continue;
    bytes.remove_prefix(mark.size());
    return *FindCharset(name);
  }
  if (const Charset* charset = FindCharset(Trim(declared))) return *charset;
  if (is_html) {
    if (const Charset* charset = FindCharset(DeclaredCharset(bytes))) return *charset;
  }
  return IsValidUtf8(bytes) ? *FindCharset("UTF-8") : LookAt(bytes);
}

// The position of `needle` (lower case) in `text` from `from` on, whatever the case.
std::size_t FindIgnoringCase(std::string_view text, std::string_view needle, std::size_t from) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto found = std::ranges::search(text.substr(std::min(from, text.size())), needle,
                                         [&](char a, char b) { return lower(a) == b; });
  return found.empty() ? std::string_view::npos
                       : static_cast<std::size_t>(found.begin() - text.begin());
}

// The value behind "charset" in `text`: in quotes or up to a separator.
std::string_view ValueOfCharset(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f";
  std::size_t at = 0;
  while ((at = FindIgnoringCase(text, "charset", at)) != std::string_view::npos) {
    at += 7;
    at = std::min(text.find_first_not_of(kBlanks, at), text.size());
    if (at == text.size() || text[at] != '=') continue;
    at = std::min(text.find_first_not_of(kBlanks, at + 1), text.size());
    std::string_view value = text.substr(at);
    if (value.starts_with('"') || value.starts_with('\'')) {
      const char quote = value.front();
      value.remove_prefix(1);
      return value.substr(0, value.find(quote));
    }
    return value.substr(0, value.find_first_of(" \t\r\n\f;\"'>/"));
  }
  return {};
}

}  // namespace

std::string_view CharsetOfLabel(std::string_view label) {
  const Charset* charset = FindCharset(Trim(label));
  return charset == nullptr ? std::string_view() : charset->name;
}

std::string_view DeclaredCharset(std::string_view html) {
  constexpr std::size_t kPrescanBytes = 1024;  // where HTML wants the declaration to be
  std::string_view head = html.substr(0, kPrescanBytes);
  for (std::size_t at = 0; (at = head.find('<', at)) != std::string_view::npos; ++at) {
    const std::string_view rest = head.substr(at);
    if (rest.starts_with("<!--")) {
      const std::size_t end = rest.find("-->");
      if (end == std::string_view::npos) return {};
      at += end;
    } else if (http::EqualsIgnoreCase(rest.substr(0, 5), "<meta")) {
      const std::string_view tag = rest.substr(0, rest.find('>'));
      std::string_view charset = CharsetOfLabel(ValueOfCharset(tag));
      // The declaration could be read: whatever this is, it is no UTF-16.
      if (charset.starts_with("UTF-16")) charset = "UTF-8";
      if (!charset.empty()) return charset;
    }
  }
  return {};
}

std::string_view CharsetParameter(std::string_view content_type) {
  const std::size_t parameters = content_type.find(';');
  if (parameters == std::string_view::npos) return {};
  return Trim(ValueOfCharset(content_type.substr(parameters)));
}

PageText DecodePage(std::string_view bytes, std::string_view declared, bool is_html) {
  const Charset& charset = Choose(bytes, declared, is_html);
  PageText page{Transcode(bytes, charset), std::string(charset.name)};
  std::erase(page.text, '\0');
  return page;
}

}  // namespace baton::workspace::web::internal
