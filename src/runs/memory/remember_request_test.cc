#include "runs/memory/remember_request.h"

#include <string>

#include <gtest/gtest.h>

namespace baton::runs::memory {
namespace {

TEST(RememberRequest, AMessageWithAWordForItIsOne) {
  for (const char* message :
       {"Remember that my dog is called Rex.", "REMEMBER: no meetings on Friday",
        "please don't forget: I am vegetarian", "Don\u2019t forget my birthday",
        "From now on answer in German", "Merk dir bitte, dass ich Tee mag",
        "merke: Termine nie vor 9", "Vergiss nicht, dass ich umgezogen bin",
        "Souviens-toi que j'aime le th\u00e9", "N'oublie pas mon allergie",
        "Recuerda que vivo en Madrid", "Ricorda che abito a Roma"}) {
    EXPECT_TRUE(AsksToRemember(message)) << message;
  }
}

TEST(RememberRequest, AnyOtherIsNone) {
  for (const char* message :
       {"", "What is my dog called?", "I live in Bern.", "Summarise the document", "dismembered",
        "Die Merkel-Jahre", "\xff remember"}) {
    EXPECT_FALSE(AsksToRemember(message)) << message;
  }
  // A text that is pasted behind the person's words does not speak for them.
  EXPECT_FALSE(AsksToRemember("Summarise this: " + std::string(4000, 'x') + " remember this"));
}

}  // namespace
}  // namespace baton::runs::memory
