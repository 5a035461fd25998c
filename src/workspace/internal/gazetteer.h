// Lists of names, and of words that say what a name is.
#pragma once

#include <string_view>

namespace baton::workspace::internal {

// All as they are written, in one word unless said otherwise.
bool IsFirstName(std::string_view word);
bool IsPersonTitle(std::string_view word);        // "Dr", "Frau", "President"
bool IsOrganizationEnd(std::string_view word);    // "GmbH", "University"
bool IsOrganizationBegin(std::string_view word);  // followed by "of": "Ministry"
bool IsOrganization(std::string_view name);       // "NATO"; several words
bool IsPlace(std::string_view name);              // "Berlin"; several words
bool IsPlaceEnd(std::string_view word);           // "River"
// 1 to 12 for a month of English, German, French or Spanish, whatever its case; else 0.
int MonthOfName(std::string_view word);

}  // namespace baton::workspace::internal
