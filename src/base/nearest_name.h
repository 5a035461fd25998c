// What did the author mean?
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace baton {

// The candidate that `name` is most likely a misspelling of; empty if none comes close.
std::string_view NearestName(std::string_view name, std::span<const std::string_view> candidates);

// The end of a message about an unknown name: "did you mean 'title'?", or, if nothing comes
// close, all there are: "the keys are name, title". `what` is a plural: "the keys are".
std::string SuggestName(std::string_view name, std::string_view what,
                        std::span<const std::string_view> candidates);

}  // namespace baton
