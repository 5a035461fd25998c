// Whether a user's message asks for something to be remembered.
#pragma once

#include <string_view>

namespace baton::runs::memory {

// A model may say that its user asked; a document that it has read may have made it say so. What
// the user has written cannot be made up: only a message with a word for it, in English, German,
// French, Spanish or Italian, is a request. Any other message is none, and what a model would
// like remembered in its turn is proposed.
bool AsksToRemember(std::string_view message);

}  // namespace baton::runs::memory
