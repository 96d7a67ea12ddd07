// Towns, streets and dial codes.
#include "src/generate/places.h"

namespace alzette::generate {
namespace {

constexpr Town luxembourg_towns[] = {
    {"Luxembourg", "1118"},
    {"Esch-sur-Alzette", "4002"},
    {"Luxembourg", "2163"},
    {"Differdange", "4501"},
    {"Dudelange", "3401"},
    {"Luxembourg", "1273"},
    {"Pétange", "4701"},
    {"Sanem", "4985"},
    {"Luxembourg", "2449"},
    {"Hesperange", "5802"},
    {"Bettembourg", "3201"},
    {"Schifflange", "3801"},
    {"Esch-sur-Alzette", "4130"},
    {"Käerjeng", "4901"},
    {"Ettelbruck", "9001"},
    {"Mersch", "7501"},
    {"Strassen", "8001"},
    {"Mamer", "8201"},
    {"Diekirch", "9201"},
    {"Bertrange", "8050"},
    {"Wiltz", "9501"},
    {"Echternach", "6401"},
    {"Rumelange", "3701"},
    {"Grevenmacher", "6701"},
    {"Kayl", "3601"},
    {"Mondercange", "3901"},
    {"Steinfort", "8401"},
    {"Niederanven", "6901"},
    {"Walferdange", "7201"},
    {"Remich", "5501"},
    {"Junglinster", "6101"},
    {"Schuttrange", "5301"},
    {"Mondorf-les-Bains", "5601"},
    {"Clervaux", "9701"},
    {"Redange", "8501"},
    {"Vianden", "9401"},
    {"Roeser", "3392"},
    {"Lorentzweiler", "7373"},
    {"Larochette", "7601"},
    {"Wasserbillig", "6601"},
    {"Troisvierges", "9901"},
    {"Rambrouch", "8801"},
    {"Colmar-Berg", "7701"},
    {"Bascharage", "4940"},
};
constexpr Town france_towns[] = {
    {"Thionville", "57100"},
    {"Metz", "57000"},
    {"Longwy", "54400"},
    {"Yutz", "57970"},
    {"Hayange", "57700"},
    {"Villerupt", "54190"},
    {"Audun-le-Tiche", "57390"},
    {"Hettange-Grande", "57330"},
    {"Mont-Saint-Martin", "54350"},
    {"Fameck", "57290"},
    {"Florange", "57190"},
    {"Longuyon", "54260"},
    {"Rombas", "57120"},
    {"Nancy", "54000"},
    {"Sierck-les-Bains", "57480"},
    {"Cattenom", "57570"},
    {"Ottange", "57840"},
    {"Briey", "54150"},
    {"Terville", "57180"},
    {"Guénange", "57310"},
    {"Volmerange-les-Mines", "57330"},
    {"Réhon", "54430"},
    {"Évrange", "57570"},
    {"Montigny-lès-Metz", "57950"},
};
constexpr Town belgium_towns[] = {
    {"Arlon", "6700"},
    {"Bastogne", "6600"},
    {"Messancy", "6780"},
    {"Virton", "6760"},
    {"Aubange", "6790"},
    {"Athus", "6791"},
    {"Habay", "6720"},
    {"Attert", "6717"},
    {"Étalle", "6740"},
    {"Martelange", "6630"},
    {"Sankt Vith", "4780"},
    {"Musson", "6750"},
    {"Libramont-Chevigny", "6800"},
    {"Neufchâteau", "6840"},
    {"Marche-en-Famenne", "6900"},
    {"Vielsalm", "6690"},
    {"Liège", "4000"},
    {"Namur", "5000"},
};
constexpr Town germany_towns[] = {
    {"Trier", "54290"},     {"Konz", "54329"},         {"Bitburg", "54634"},        {"Saarburg", "54439"},
    {"Perl", "66706"},      {"Merzig", "66663"},       {"Irrel", "54666"},          {"Wittlich", "54516"},
    {"Saarlouis", "66740"}, {"Schweich", "54338"},     {"Mettlach", "66693"},       {"Saarbrücken", "66111"},
    {"Prüm", "54595"},      {"Trier", "54292"},        {"Nittel", "54453"},         {"Wincheringen", "54457"},
    {"Körperich", "54675"}, {"Wasserliesch", "54332"}, {"Losheim am See", "66679"},
};
constexpr Town portugal_towns[] = {{"Lisboa", "1100-148"},  {"Porto", "4000-322"}, {"Braga", "4700-327"},
                                   {"Coimbra", "3000-150"}, {"Viseu", "3500-078"}, {"Chaves", "5400-010"}};
constexpr Town italy_towns[] = {{"Roma", "00184"}, {"Milano", "20121"}, {"Torino", "10121"}, {"Perugia", "06121"}};
constexpr Town netherlands_towns[] = {{"Amsterdam", "1012 JS"}, {"Maastricht", "6211 CM"}, {"Utrecht", "3511 LN"}};
constexpr Town britain_towns[] = {
    {"London", "SW1A 1AA"}, {"Manchester", "M1 1AE"}, {"Edinburgh", "EH1 1YZ"}, {"Cardiff", "CF10 1EP"}};

constexpr std::string_view luxembourg_streets[] = {"rue de la Gare",
                                                   "rue Principale",
                                                   "Haaptstrooss",
                                                   "rue de l'Église",
                                                   "route de Luxembourg",
                                                   "rue des Champs",
                                                   "rue du Moulin",
                                                   "avenue de la Liberté",
                                                   "rue de l'École",
                                                   "op der Gare",
                                                   "rue des Jardins",
                                                   "boulevard Royal",
                                                   "rue Jean-Pierre Brasseur",
                                                   "am Duerf",
                                                   "rue de Trèves",
                                                   "route d'Arlon",
                                                   "rue des Prés",
                                                   "rue de l'Alzette",
                                                   "cité Pierre Strauss",
                                                   "um Bierg",
                                                   "rue du Cimetière",
                                                   "rue Émile Mayrisch",
                                                   "place du Marché",
                                                   "rue de Diekirch",
                                                   "rue Neuve"};
constexpr std::string_view french_streets[] = {
    "rue de la République", "rue Victor Hugo",   "rue de la Gare",      "avenue du Général de Gaulle",
    "rue des Écoles",       "rue du Château",    "place de la Mairie",  "rue de Metz",
    "impasse des Lilas",    "rue Jean Jaurès",   "allée des Tilleuls",  "rue Pasteur",
    "rue de l'Abbaye",      "chemin des Vignes", "rue du Maréchal Foch"};
constexpr std::string_view german_streets[] = {"Hauptstraße", "Bahnhofstraße", "Gartenstraße",       "Kirchstraße",
                                               "Schulstraße", "Bergstraße",    "Moselstraße",        "Im Weingarten",
                                               "Am Markt",    "Römerstraße",   "Luxemburger Straße", "Ringstraße"};
constexpr std::string_view portuguese_streets[] = {"Rua da Liberdade", "Avenida da República", "Rua do Comércio",
                                                   "Travessa das Flores", "Rua 25 de Abril"};
constexpr std::string_view italian_streets[] = {"Via Roma", "Via Garibaldi", "Corso Italia", "Piazza del Popolo"};
constexpr std::string_view dutch_streets[] = {"Kerkstraat", "Dorpsstraat", "Stationsweg", "Molenweg"};
constexpr std::string_view british_streets[] = {"High Street", "Station Road", "Church Lane", "Victoria Road"};

struct Land {
  std::string_view code;
  std::string_view dial;
  std::span<const Town> towns;
  std::span<const std::string_view> streets;
};

constexpr Land lands[] = {
    {"LU", "+352", luxembourg_towns, luxembourg_streets}, {"FR", "+33", france_towns, french_streets},
    {"BE", "+32", belgium_towns, french_streets},         {"DE", "+49", germany_towns, german_streets},
    {"PT", "+351", portugal_towns, portuguese_streets},   {"IT", "+39", italy_towns, italian_streets},
    {"NL", "+31", netherlands_towns, dutch_streets},      {"GB", "+44", britain_towns, british_streets},
};

const Land& land(Country country) { return lands[static_cast<std::size_t>(country)]; }

}  // namespace

std::span<const Town> towns(Country country) { return land(country).towns; }
std::span<const std::string_view> streets(Country country) { return land(country).streets; }
std::string_view code_of(Country country) { return land(country).code; }
std::string_view dial_code(Country country) { return land(country).dial; }

}  // namespace alzette::generate
