#include "workspace/web/internal/charset.h"

#include <gtest/gtest.h>

namespace baton::workspace::web::internal {
namespace {

TEST(Charset, LabelsAreThoseOfTheWeb) {
  EXPECT_EQ(CharsetOfLabel("iso-8859-1"), "windows-1252");
  EXPECT_EQ(CharsetOfLabel(" GB2312 "), "GBK");
  EXPECT_EQ(CharsetOfLabel("ks_c_5601-1987"), "EUC-KR");
  EXPECT_EQ(CharsetOfLabel("x-sjis"), "Shift_JIS");
  EXPECT_EQ(CharsetOfLabel("utf8"), "UTF-8");
  for (const char* none : {"", "utf-7", "x", "utf-32", "cp437"}) {
    EXPECT_EQ(CharsetOfLabel(none), "") << none;
  }
}

TEST(Charset, EveryNameHasAConverter) {
  for (const char* label :
       {"utf-8",  "latin1", "latin2",      "latin3",      "latin4",      "cyrillic", "arabic",
        "greek",  "hebrew", "l6",          "iso-8859-13", "iso-8859-14", "l9",       "koi8-r",
        "koi8-u", "mac",    "866",         "tis-620",     "cp1250",      "cp1251",   "cp1253",
        "latin5", "cp1255", "cp1256",      "cp1257",      "cp1258",      "gbk",      "gb18030",
        "big5",   "euc-jp", "iso-2022-jp", "sjis",        "euc-kr",      "utf-16le", "utf-16be"}) {
    EXPECT_EQ(DecodePage("<p>a</p>", label, true).charset, CharsetOfLabel(label));
  }
}

struct DecodingCase {
  std::string bytes;
  const char* declared;
  const char* charset;
  const char* text;
};

TEST(Charset, MarkThenHeaderThenMetaThenBytesDecide) {
  const DecodingCase cases[] = {
      {"\xEF\xBB\xBF\xC3\xA4", "latin1", "UTF-8", "ä"},
      {std::string("\xFF\xFE\xE4\0", 4), "utf-8", "UTF-16LE", "ä"},
      {std::string("\xFE\xFF\0\xE4", 4), "", "UTF-16BE", "ä"},
      {"<meta charset=koi8-r>\xE4", "latin1", "windows-1252", "<meta charset=koi8-r>ä"},
      {"<META  Charset = 'KOI8-R'>\xC1", "", "KOI8-R", "<META  Charset = 'KOI8-R'>а"},
      {"<meta content='text/html; charset=windows-1251' http-equiv=x>\xE0", "", "windows-1251",
       "<meta content='text/html; charset=windows-1251' http-equiv=x>а"},
      {"<!-- <meta charset=koi8-r> -->\xC3\xA4", "", "UTF-8", "<!-- <meta charset=koi8-r> -->ä"},
      {"<meta charset=utf-16>\xC3\xA4", "", "UTF-8", "<meta charset=utf-16>ä"},
      {"<meta charset=utf-7>+ADw-", "", "UTF-8", "<meta charset=utf-7>+ADw-"},
      {"a\xE4"
       "b",
       "nonsense", "windows-1252", "aäb"},
      {"\xC3\xA4\xFF", "utf-8", "UTF-8", "ä\xEF\xBF\xBD"},
      {"\x93quoted\x94", "iso-8859-1", "windows-1252", "“quoted”"},
      {"\x93\xFA\x96{", "shift_jis", "Shift_JIS", "日本"},
      {"\x1B$BF|K\\\x1B(B", "iso-2022-jp", "ISO-2022-JP", "日本"},
      {"\xD6\xD0\xCE\xC4", "gb2312", "GBK", "中文"},
      {std::string("a\0b", 3), "utf-8", "UTF-8", "ab"},
  };
  for (const DecodingCase& c : cases) {
    const PageText page = DecodePage(c.bytes, c.declared, true);
    EXPECT_EQ(page.charset, c.charset) << c.text;
    EXPECT_EQ(page.text, c.text);
  }
}

TEST(Charset, LooksAtTheBytesWhereNobodySays) {
  // "Москва является столицей России …", in Windows-1251.
  const std::string russian =
      "\xCC\xEE\xF1\xEA\xE2\xE0 \xFF\xE2\xEB\xFF\xE5\xF2\xF1\xFF \xF1\xF2\xEE\xEB\xE8\xF6"
      "\xE5\xE9 \xD0\xEE\xF1\xF1\xE8\xE8 \xE8 \xF1\xE0\xEC\xFB\xEC \xE1\xEE\xEB\xFC\xF8\xE8"
      "\xEC \xE3\xEE\xF0\xEE\xE4\xEE\xEC \xF1\xF2\xF0\xE0\xED\xFB, \xE2 \xEA\xEE\xF2\xEE"
      "\xF0\xEE\xEC \xE6\xE8\xE2\xF3\xF2 \xEC\xED\xEE\xE3\xE8\xE5 \xEB\xFE\xE4\xE8. ";
  const PageText page = DecodePage(russian, "", true);
  EXPECT_EQ(page.charset, "windows-1251");
  EXPECT_TRUE(page.text.starts_with("Москва является")) << page.text;
}

TEST(Charset, ReadsTheContentTypesParameter) {
  EXPECT_EQ(CharsetParameter("text/html; charset=UTF-8"), "UTF-8");
  EXPECT_EQ(CharsetParameter("text/html;boundary=x;CHARSET=\"koi8-r\""), "koi8-r");
  EXPECT_EQ(CharsetParameter("text/html"), "");
  EXPECT_EQ(CharsetParameter("charset=utf-8"), "");
}

}  // namespace
}  // namespace baton::workspace::web::internal
