// Any bytes under any declaration give UTF-8. The input is a Content-Type, LF, the bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "workspace/web/internal/charset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace web = baton::workspace::web::internal;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view type = input.substr(0, input.find('\n'));
  const std::string_view bytes = input.substr(std::min(type.size() + 1, input.size()));
  for (const bool is_html : {false, true}) {
    const web::PageText page = web::DecodePage(bytes, web::CharsetParameter(type), is_html);
    BATON_CHECK(baton::IsValidUtf8(page.text), "the text is not UTF-8");
    BATON_CHECK(page.text.find('\0') == page.text.npos, "the text holds NUL");
    BATON_CHECK(web::CharsetOfLabel(page.charset) == page.charset, "not a standard name");
  }
  return 0;
}
