#include "llm/offline/stop_words.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace baton::llm::offline {
namespace {

using WordSet = std::unordered_set<std::string_view>;

WordSet Split(std::string_view words) {
  WordSet out;
  while (!words.empty()) {
    const std::size_t begin = words.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    out.insert(words.substr(begin, end - begin));
    words.remove_prefix(end);
  }
  return out;
}

constexpr std::string_view kEnglishWords =
    "a about above according after again against all also am an and any are aren as at be because "
    "been "
    "before being below between both but by can cannot could couldn d did didn do does doesn doing "
    "don down during each else ever few for from further get gets got had hadn has hasn have haven "
    "having he her here hers herself him himself his how however i if in into is isn it its itself "
    "just ll m many may maybe me might more most much must my myself no nor not now of off on once "
    "one only "
    "or other our ours out over own quite re really s same she should shouldn since so some still "
    "such t than that the their theirs them themselves then there these they this those through to "
    "too under until up upon us use used uses using ve very was wasn we were weren what when where "
    "whether which while "
    "who whom whose why will with within without won would wouldn yes yet you your yours yourself";

constexpr std::string_view kGermanWords =
    "aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim benutze "
    "benutzen benutzt bin bis "
    "bist bitte da dabei dafür damit dann daran darauf darin darüber das dass daß davon dazu dein "
    "deine deinem deinen deiner dem den denn der deren des dessen dich die dies diese diesem "
    "diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines einige er es "
    "etwas euch euer für gegen gibt hab habe haben hast hat hatte hatten hier hin hinter ich ihm "
    "ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes jetzt kann "
    "kannst kein keine keinem keinen keiner können könnte laut machen man mehr mein meine meinem "
    "meinen "
    "meiner mich mir mit muss nach nicht nichts noch nun nur ob oder ohne sehr sein seine seinem "
    "seinen seiner seit sich sie sind steht stehen so soll sollte sollten sondern sonst über um "
    "und uns unser "
    "unsere unter viel viele vielen vieler verwende verwenden verwendet vom von vor war waren "
    "warum was weil welche welchem "
    "welchen welcher welches wenn "
    "wer werden wem wen weshalb wessen wie wieso wieviel will wir wird wirst wo wofür woher wohin "
    "wozu würde würden zu zum zur zwischen";

constexpr std::string_view kSpanishWords =
    "a al algo algunas algunos ante antes aquel aquella cada como cómo con contra cual cuál "
    "cuáles cuando cuándo cuanto cuánto cuántos de del desde donde dónde durante e el él ella "
    "ellas ellos en entre era es esa esas ese eso esos esta está estaba están estas este esto "
    "estos estoy fue ha había han hasta hay la las le les lo los más me mi mis mucha muchas mucho "
    "muchos muy nada ni "
    "no nos nosotros o os otra otro para pero poco por porque que qué quien quién quiénes se según "
    "ser si sí sin sobre son soy su sus también tan te tengo ti tiene tienen todo todos tu tú tus "
    "un una uno unos usted y ya yo";

constexpr std::string_view kFrenchWords =
    "à ai alors as au aucun aussi autre aux avec avoir avons avez beaucoup c ce cela celle celui "
    "ces cet "
    "cette chez ci comme comment d dans de depuis des donc dont du elle elles en encore entre est "
    "et étaient était être eu fait faut ils il j je l la là le les leur leurs lui m ma mais me "
    "même mes moi mon n ne ni nos notre nous on ont ou où par parce pas peu peut plus pour "
    "pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se ses si son sont sous "
    "suis sur t ta tandis te tes toi ton tous tout toute toutes très tu un une vers vos votre vous "
    "y";

constexpr std::string_view kCommandWords =
    "answer compare define describe explain fetch find give help know list look lookup need open "
    "please read say says search show summarise summarize summary tell think understand want write "
    "analysiere antworte beschreibe brauche erkläre erklär erzähl erzähle fasse finde gib hilf "
    "lies liste möchte nenne sag sage sagen sagt schreibe such suche suchen vergleiche weiß "
    "weißt wissen zeig zeige zusammen zusammenfassung "
    "ayuda ayúdame busca buscar compara cuéntame dame describe dice dicen dime encuentra escribe "
    "explica explícame lista muestra muéstrame necesito puedes quiero resume resumen sabes "
    "aide cherche chercher compare décris dis disent dit donne écris explique liste montre peux "
    "raconte "
    "recherche résume résumé sais trouve trouver veux voudrais";

constexpr std::string_view kOpeningVerbs =
    "add analyse analyze append archive begin book build buy call cancel capture change check "
    "close "
    "complete continue convert copy correct crawl create cut delete derive download draft draw "
    "edit "
    "email fix format generate import improve insert invent link make mark merge move paint plan "
    "play post proofread publish put read record refresh remind remove rename replace report "
    "review "
    "revise rewrite run save schedule send set shorten start stop store subscribe switch take "
    "translate try turn unsubscribe update write "
    "abonniere ändere archiviere beginne bestell entferne ersetze erstelle füge importiere "
    "korrigiere "
    "kürze lade leg lösche mach mache merke notiere prüfe schick sende setze spiele starte "
    "streiche "
    "trag übersetze verbessere verschiebe zeichne "
    "abre agrega añade borra cambia comprueba convierte corrige crea dibuja elimina empieza envía "
    "escribe genera guarda haz importa juega mejora pon quita recuérdame revisa traduce "
    "ajoute améliore change commence convertis corrige crée dessine efface enlève ferme fais garde "
    "génère importe joue mets rappelle remplace supprime traduis vérifie";

constexpr std::string_view kContainerWords =
    "doc docs document documents documentation file files folder folders note notes page pages "
    "source sources text texts akte akten datei dateien dokument dokumente dokumenten notiz "
    "notizen ordner quelle quellen seite seiten unterlagen archivo archivos carpeta carpetas "
    "documento documentos fuente fuentes nota notas fichier fichiers dossier dossiers";

constexpr std::string_view kQuestionWords =
    "how what when where whether which who whom whose why warum was wann wo welche welchem welchen "
    "welcher welches wer wem wen weshalb wie wieso wieviel wofür woher wohin wozu cómo cuál cuáles "
    "cuándo cuánto cuántos dónde qué quién quiénes comment combien où pourquoi quand quel quelle "
    "quelles quels qui quoi que qu";

constexpr std::string_view kFirstPersonWords =
    "i me mine my myself our we ich mein meine meinem meinen meiner mich mir unser unsere wir mi "
    "mis me yo nosotros nuestro nuestra je j ma mes mon moi nous notre nos";

const std::array<WordSet, 4>& StopWords() {
  static const std::array<WordSet, 4> sets = {Split(kEnglishWords), Split(kGermanWords),
                                              Split(kSpanishWords), Split(kFrenchWords)};
  return sets;
}

}  // namespace

bool IsStopWord(std::string_view word) {
  // A lone letter is what an apostrophe leaves behind: "what's", "l'eau".
  if (word.size() == 1 && (word[0] < '0' || word[0] > '9')) return true;
  for (const WordSet& words : StopWords()) {
    if (words.contains(word)) return true;
  }
  return false;
}

bool IsStopWordOf(std::string_view word, Language language) {
  return StopWords()[static_cast<std::size_t>(language)].contains(word);
}

bool IsCommandWord(std::string_view word) {
  static const WordSet words = Split(kCommandWords);
  return words.contains(word);
}

bool IsOpeningVerb(std::string_view word) {
  static const WordSet words = Split(kOpeningVerbs);
  return words.contains(word);
}

bool IsContainerWord(std::string_view word) {
  static const WordSet words = Split(kContainerWords);
  return words.contains(word);
}

bool IsQuestionWord(std::string_view word) {
  static const WordSet words = Split(kQuestionWords);
  return words.contains(word);
}

bool IsFirstPersonWord(std::string_view word) {
  static const WordSet words = Split(kFirstPersonWords);
  return words.contains(word);
}

}  // namespace baton::llm::offline
