// Turns that are sent again.
#pragma once

#include <string>
#include <string_view>

namespace baton::runs {

// The name of the run that a conversation's turn with this key begins: "run_" and 32 hexadecimal
// digits of the three's SHA-256 (FIPS 180-4). Its user and conversation contain no '\n'.
std::string RunIdForKey(std::string_view user_id, std::string_view conversation_id,
                        std::string_view key);

}  // namespace baton::runs
