#include "llm/offline/phrases.h"

#include <array>

namespace baton::llm::offline {
namespace {

constexpr Phrases kEnglishPhrases = {
    .greeting = "Hello! Ask me something about your documents, and I will look it up.",
    .thanks = "You are welcome.",
    .about =
        "I am Baton's offline model. I run without a key and without a network: I choose a tool "
        "that fits your message, call it, and answer with the sentences of its results that "
        "match your question, with their sources. I do not write text of my own.",
    .unable =
        "I am Baton's offline model and can only answer from what tools find, which your message "
        "gave me nothing for. For free answers configure a language model: set OPENAI_API_KEY, "
        "or OPENAI_BASE_URL for a server of your own, and BATON_MODEL, then start Baton again.",
    .noted = "Noted; I can quote it back to you in this conversation.",
    .recall = "You wrote: “{}”",
    .recall_nothing = "This is the first message of our conversation, as far as I can see.",
    .nothing_found = "The search found nothing that I could answer from.",
    .no_match = "The sources that were found do not speak of it directly. Nearest come:\n{}",
    .closing = "(Offline model: sentences quoted from the sources.)",
    .plain_closing = "(Offline model: as the tool says it.)",
    .short_closing = "(Offline model.)",
    .no_writing =
        "Nothing is written or changed: that takes a language model (OPENAI_API_KEY or "
        "OPENAI_BASE_URL, and BATON_MODEL).",
};

constexpr Phrases kGermanPhrases = {
    .greeting = "Hallo! Frag mich etwas über deine Dokumente, und ich sehe nach.",
    .thanks = "Gern geschehen.",
    .about =
        "Ich bin Batons Offline-Modell. Ich brauche keinen Schlüssel und kein Netz: Ich wähle ein "
        "Werkzeug, das zu deiner Nachricht passt, rufe es auf und antworte mit den Sätzen seiner "
        "Ergebnisse, die zu deiner Frage passen, samt Quellen. Eigene Texte schreibe ich nicht.",
    .unable =
        "Ich bin Batons Offline-Modell und kann nur aus dem antworten, was Werkzeuge finden; dafür "
        "gab deine Nachricht nichts her. Für freie Antworten richte ein Sprachmodell ein: setze "
        "OPENAI_API_KEY, oder OPENAI_BASE_URL für einen eigenen Server, und BATON_MODEL, und "
        "starte Baton neu.",
    .noted = "Notiert; in diesem Gespräch kann ich es dir wieder nennen.",
    .recall = "Du hast geschrieben: „{}“",
    .recall_nothing = "Soweit ich sehe, ist das die erste Nachricht unseres Gesprächs.",
    .nothing_found = "Die Suche hat nichts gefunden, woraus ich antworten könnte.",
    .no_match = "Die gefundenen Quellen sagen dazu nichts Genaues. Am nächsten kommen:\n{}",
    .closing = "(Offline-Modell: Sätze wörtlich aus den Quellen.)",
    .plain_closing = "(Offline-Modell: so, wie es das Werkzeug sagt.)",
    .short_closing = "(Offline-Modell.)",
    .no_writing =
        "Geschrieben oder geändert wird nichts: dazu braucht es ein Sprachmodell (OPENAI_API_KEY "
        "oder "
        "OPENAI_BASE_URL, und BATON_MODEL).",
};

constexpr Phrases kSpanishPhrases = {
    .greeting = "¡Hola! Pregúntame algo sobre tus documentos y lo busco.",
    .thanks = "De nada.",
    .about =
        "Soy el modelo sin conexión de Baton. No necesito clave ni red: elijo una herramienta que "
        "convenga a tu mensaje, la llamo y respondo con las frases de sus resultados que "
        "corresponden a tu pregunta, con sus fuentes. No redacto textos propios.",
    .unable =
        "Soy el modelo sin conexión de Baton y solo respondo con lo que encuentran las "
        "herramientas; tu mensaje no dio para ello. Para respuestas libres configura un modelo de "
        "lenguaje: define OPENAI_API_KEY, u OPENAI_BASE_URL para un servidor propio, y "
        "BATON_MODEL, y reinicia Baton.",
    .noted = "Anotado; puedo citártelo en esta conversación.",
    .recall = "Escribiste: «{}»",
    .recall_nothing = "Por lo que veo, este es el primer mensaje de nuestra conversación.",
    .nothing_found = "La búsqueda no encontró nada con que responder.",
    .no_match = "Las fuentes encontradas no lo tratan directamente. Las más cercanas:\n{}",
    .closing = "(Modelo sin conexión: frases citadas de las fuentes.)",
    .plain_closing = "(Modelo sin conexión: tal como lo dice la herramienta.)",
    .short_closing = "(Modelo sin conexión.)",
    .no_writing =
        "No se escribe ni se cambia nada: para eso hace falta un modelo de lenguaje "
        "(OPENAI_API_KEY u "
        "OPENAI_BASE_URL, y BATON_MODEL).",
};

constexpr Phrases kFrenchPhrases = {
    .greeting = "Bonjour ! Posez-moi une question sur vos documents, je chercherai.",
    .thanks = "Je vous en prie.",
    .about =
        "Je suis le modèle hors ligne de Baton. Il ne me faut ni clé ni réseau : je choisis un "
        "outil qui convient à votre message, je l'appelle et je réponds avec les phrases de ses "
        "résultats qui correspondent à votre question, sources à l'appui. Je ne rédige rien.",
    .unable =
        "Je suis le modèle hors ligne de Baton et ne réponds qu'avec ce que trouvent les outils ; "
        "votre message ne s'y prêtait pas. Pour des réponses libres, configurez un modèle de "
        "langage : OPENAI_API_KEY, ou OPENAI_BASE_URL pour votre propre serveur, et BATON_MODEL, "
        "puis redémarrez Baton.",
    .noted = "C'est noté ; je peux vous le citer dans cette conversation.",
    .recall = "Vous avez écrit : « {} »",
    .recall_nothing = "À ma connaissance, c'est le premier message de notre conversation.",
    .nothing_found = "La recherche n'a rien trouvé qui permette de répondre.",
    .no_match = "Les sources trouvées n'en parlent pas directement. Les plus proches :\n{}",
    .closing = "(Modèle hors ligne : phrases citées des sources.)",
    .plain_closing = "(Modèle hors ligne : tel que l'outil le dit.)",
    .short_closing = "(Modèle hors ligne.)",
    .no_writing =
        "Rien n'est écrit ni changé : il y faut un modèle de langage (OPENAI_API_KEY ou "
        "OPENAI_BASE_URL, et BATON_MODEL).",
};

}  // namespace

const Phrases& PhrasesOf(Language language) {
  switch (language) {
    case Language::kEnglish:
      return kEnglishPhrases;
    case Language::kGerman:
      return kGermanPhrases;
    case Language::kSpanish:
      return kSpanishPhrases;
    case Language::kFrench:
      return kFrenchPhrases;
  }
  return kEnglishPhrases;
}

}  // namespace baton::llm::offline
