// Luxembourgish names, most frequent first.
#include "src/generate/names.h"

namespace alzette::generate {

const NameText luxembourgish{
    .family =
        "Schmit|Muller|Weber|Hoffmann|Wagner|Thill|Schroeder|Reuter|Klein|Becker|Kieffer|Kremer|Faber|Meyer|Schneider|"
        "Weis|Simon|Hansen|Schmitz|Welter|Reding|Braun|Majerus|Steffen|Krier|Schiltz|Wolff|Theisen|Goergen|Scholtes|"
        "Kirsch|Ludwig|Backes|Koch|Diederich|Ries|Peters|Feltes|Heinen|Wilmes|Kayser|Thoma|Flammang|Hentges|Jung|"
        "Konsbruck|"
        "Lentz|Mertens|Molitor|Pauly|Poos|Roth|Schaack|Schaus|Scheuer|Schumacher|Thinnes|Wirtz|Zimmer|Bach|Bauer|"
        "Bertemes|"
        "Biver|Bintz|Bausch|Berens|Bettendorf|Biwer|Bormann|Bour|Breuer|Clees|Clement|Conrad|Conter|Dax|Decker|"
        "Dondelinger|"
        "Engel|Ernster|Ewen|Felten|Fischbach|Fischer|Folschette|Frank|Frantz|Friederes|Funck|Gaasch|Gales|Gengler|"
        "Gillen|"
        "Glesener|Gloden|Graas|Greisch|Grethen|Gries|Haas|Haag|Hames|Hamen|Hammes|Harpes|Hary|Heiderscheid|Heinz|"
        "Hemmen|"
        "Hengen|Hermes|Heuertz|Hilbert|Hilger|Hoffman|Holtz|Huberty|Huss|Jacobs|Jacoby|Jans|Jentgen|Johanns|Juncker|"
        "Kails|Kaiser|Kass|Kaufmann|Kauffman|Keiser|Kemp|Kerschen|Kinnen|Kirpach|Kirch|Kohl|Kohn|Kolber|Kops|Kraus|"
        "Krecké|"
        "Krieps|Kugener|Lamesch|Lanners|Laux|Leick|Lemmer|Leonardy|Linden|Linster|Loos|Lorang|Lorent|Lucas|Lutgen|Lux|"
        "Mailliet|Mangen|Marx|Mathay|Mathias|Maas|May|Meisch|Mergen|Metz|Metzler|Meis|Michels|Miller|Mersch|Modert|"
        "Moes|"
        "Mousel|Mootz|Nesser|Neu|Neuens|Neuman|Nicolay|Nilles|Noesen|Nosbusch|Olinger|Oberweis|Origer|Ossemann|Paulus|"
        "Pesch|Peiffer|Penning|Petry|Philippy|Pierret|Pletschette|Plier|Pott|Polfer|Putz|Quintus|Raus|Rausch|Reckinger|"
        "Reiland|Reinert|Reiser|Reiter|Remakel|Reiffers|Reisch|Risch|Rippinger|Rischard|Rollinger|Rosch|Rassel|Ruppert|"
        "Sauber|Schaeffer|Schank|Scharlé|Schartz|Scheer|Schleich|Schleimer|Schlesser|Schlim|Schloesser|Schmartz|Schmol|"
        "Scholer|Schon|Schoos|Schosseler|Schroeder-Klein|Schuller|Schuh|Schütz|Seil|Seyler|Siebenaler|Sinner|Speller|"
        "Spautz|Staudt|Stein|Steichen|Steinmetz|Stoffel|Stoltz|Strasser|Streff|Streitz|Stull|Theis|Thein|Thiel|Thielen|"
        "Thies|Thilges|Thommes|Tock|Toussing|Trausch|Treinen|Turmes|Unsen|Urbany|Useldinger|Vesque|Wampach|Wagener|"
        "Waldbillig|Walch|Warken|Watgen|Weiler|Weicherding|Weiland|Weimerskirch|Weirich|Welfring|Wenkin|Wennmacher|"
        "Weydert|Weyer|Wies|Wilhelm|Wilwert|Winandy|Winckel|Wiltgen|Wintersdorf|Wiseler|Wolter|Worré|Zens|Zeimet|"
        "Zeimes|"
        "Zigrand|Zenner|Zwank|Kœnig|Léonard|Hoscheit|Origer-Weis|de Muyser|Van Dyck",
    .male =
        "Jean|Marc|Claude|Guy|Paul|Nicolas|Pierre|Fernand|Roger|Romain|Joseph|Patrick|Carlo|Luc|Georges|Henri|Jos|"
        "Michel|"
        "Marcel|René|Camille|Raymond|Robert|Jean-Pierre|François|Charles|Alain|Gilbert|Laurent|Serge|Tom|Christian|"
        "Daniel|"
        "Steve|Frank|Mike|Philippe|Marco|Gilles|Yves|Jeff|Ben|Max|Luca|Tim|Sam|Noah|Gabriel|Leo|Felix|Louis|Liam|David|"
        "Alex|Kevin|Joé|Joe|Yann|Pol|Lex|Lou|Finn|Mats|Matteo|Nick|Pit|Christophe|Thierry|Pascal|Olivier|Eric|Edmond|"
        "Emile|Ernest|Eugène|Gaston|Gust|Aloyse|Aly|Arthur|Norbert|Victor|Mathias|Léon|Lucien|Metty|Théo|Jempi|Jang|"
        "Armand|André|Arsène|Albert|Alphonse|Antoine|Bob|Charel|Claus|Dan|Fränk|Gaby|Johny|Jules|Kim|Manuel|Misch|Nico|"
        "Ralph|Raoul|Rob|Roland|Rudy|Sven|Vic|Will",
    .female =
        "Marie|Anne|Catherine|Maria|Marguerite|Nicole|Monique|Martine|Nathalie|Josette|Danielle|Christiane|Sylvie|"
        "Michèle|"
        "Isabelle|Claudine|Marianne|Léonie|Elisabeth|Suzanne|Jeanne|Yvonne|Simone|Liliane|Germaine|Margot|Viviane|"
        "Sonja|"
        "Tania|Carole|Patricia|Pascale|Christine|Sandra|Carine|Laurence|Véronique|Simone-Marie|Anna|Emma|Lara|Julie|"
        "Charlotte|Mia|Lena|Chloé|Sophie|Alice|Clara|Eva|Zoé|Elisa|Amy|Lynn|Kim|Liz|Jessica|Tessy|Tanja|Diane|Joëlle|"
        "Mireille|Chantal|Annick|Astrid|Beby|Berthe|Cathy|Corinne|Denise|Edmée|Elise|Fabienne|Félicie|Françoise|Gaby|"
        "Georgette|Gerty|Ginette|Hélène|Henriette|Irène|Irma|Jacqueline|Joanne|Josée|Karin|Léa|Lise|Louise|Lucie|"
        "Madeleine|Maggy|Malou|Manon|Mariette|Maryse|Mady|Milly|Mim|Myriam|Nadine|Nathaly|Nelly|Netty|Nora|Paulette|"
        "Pia|Renée|Rita|Rosa|Sarah|Stéphanie|Triny|Vicky|Anne-Marie|Marie-Anne|Marie-Josée|Maisy|Svenja"};

}  // namespace alzette::generate
