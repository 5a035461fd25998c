#include "runs/memory/remember_request.h"

#include <algorithm>
#include <string>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "base/utf8.h"

namespace baton::runs::memory {
namespace {

// The person's own words; a text that is pasted behind them is not read.
constexpr std::size_t kMaxRequestBytes = 2000;

// After folding, each between blanks.
constexpr std::string_view kRequests[] = {"remember",        "memorize",
                                          "memorise",        "keep in mind",
                                          "bear in mind",    "don t forget",
                                          "do not forget",   "never forget",
                                          "make a note",     "take note",
                                          "note that",       "note down",
                                          "save that",       "save this",
                                          "save to memory",  "for future reference",
                                          "from now on",     "merk",
                                          "merke",           "merken",
                                          "erinnere dich",   "nicht vergessen",
                                          "vergiss nicht",   "behalte",
                                          "notiere",         "notier",
                                          "speichere",       "speicher dir",
                                          "ab jetzt",        "von nun an",
                                          "souviens toi",    "souvenez vous",
                                          "rappelle toi",    "retiens",
                                          "retenez",         "n oublie pas",
                                          "n oubliez pas",   "garde en mémoire",
                                          "note que",        "mémorise",
                                          "désormais",       "recuerda",
                                          "recuerde",        "no olvides",
                                          "no te olvides",   "ten en cuenta",
                                          "memoriza",        "anota",
                                          "apunta",          "a partir de ahora",
                                          "ricorda",         "ricordati",
                                          "tieni a mente",   "tieni presente",
                                          "non dimenticare", "memorizza",
                                          "annota",          "d ora in poi"};

// Letters and digits, folded; everything else is one blank.
std::string FoldWords(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const auto* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) return {};
  const icu::UnicodeString folded =
      normalizer->normalize(icu::UnicodeString::fromUTF8(icu::StringPiece(
                                text.data(), static_cast<std::int32_t>(text.size()))),
                            error);
  if (U_FAILURE(error)) return {};
  icu::UnicodeString words(' ');
  for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    if (u_isalnum(c) || u_getCombiningClass(c) != 0) {
      words.append(c);
    } else if (words.charAt(words.length() - 1) != ' ') {
      words.append(static_cast<char16_t>(' '));
    }
  }
  words.append(static_cast<char16_t>(' '));
  std::string result;
  words.toUTF8String(result);
  return result;
}

}  // namespace

bool AsksToRemember(std::string_view message) {
  if (!IsValidUtf8(message)) return false;
  const std::string words = FoldWords(Utf8Prefix(message, kMaxRequestBytes));
  return std::ranges::any_of(kRequests, [&](std::string_view request) {
    return words.find(" " + std::string(request) + " ") != std::string::npos;
  });
}

}  // namespace baton::runs::memory
