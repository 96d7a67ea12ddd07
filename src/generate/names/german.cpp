// German names, most frequent first.
#include "src/generate/names.h"

namespace alzette::generate {

const NameText german{
    .family =
        "Müller|Schmidt|Schneider|Fischer|Weber|Meyer|Wagner|Becker|Schulz|Hoffmann|Schäfer|Koch|Bauer|Richter|Klein|"
        "Wolf|Schröder|Neumann|Schwarz|Zimmermann|Braun|Krüger|Hofmann|Hartmann|Lange|Schmitt|Werner|Schmitz|Krause|"
        "Meier|Lehmann|Schmid|Schulze|Maier|Köhler|Herrmann|König|Walter|Mayer|Huber|Kaiser|Fuchs|Peters|Lang|Scholz|"
        "Möller|Weiß|Jung|Hahn|Schubert|Vogel|Friedrich|Keller|Günther|Frank|Berger|Winkler|Roth|Beck|Lorenz|Baumann|"
        "Franke|Albrecht|Schuster|Simon|Ludwig|Böhm|Winter|Kraus|Martin|Schumacher|Krämer|Vogt|Stein|Jäger|Otto|"
        "Sommer|Groß|Seidel|Heinrich|Brandt|Haas|Schreiber|Graf|Schulte|Dietrich|Ziegler|Kuhn|Kühn|Pohl|Engel|Horn|"
        "Busch|Bergmann|Thomas|Voigt|Sauer|Arnold|Wolff|Pfeiffer|Hübner|Kaufmann|Böttcher|Lindner|Ernst|Nagel|"
        "Hermann|Wenzel|Paul|Ott|Stahl|Bader|Ebert|Götz|Fink|Kessler|Voß|Reuter|Hein|Kern|Kurz|Kirchner|Marx|Herzog|"
        "Ritter|Grimm|Thiel|Peter|Petersen|Riedel|Barth|Seifert|Mohr|Lutz|Kröger|Unger|Jansen|Römer|Wilhelm|Rausch|"
        "Hansen|Adam|Eckert|Gebhardt|Schilling|Dietz|Brand|Löffler|Beyer|Schlüter|Hess|Kunz|Brenner|Maurer|Ullrich|"
        "Rupp|Moser|Reichert|Bock|Henkel|Steiner|Bachmann|Mann|Blum|Wirth|Wendt|Schenk|Kranz|Bär|Weidner|Schick|"
        "Stumpf|Bayer|Ehlers|Fiedler|Bischoff|Burger|Noll|Scherer|Schindler|Hennig|Körner|Döring|Hammer|"
        "Kluge|Wegner|Hirsch|Gerlach|Metzger|Baier|Witt|Rose|Specht|Kolb|Ostermann|Tauber|Lindemann|Rothe|Wimmer|"
        "Heller|Kramer|Frey|Siebert|Beckmann|Janssen|"
        "Thomsen|Rieger|Heinz|Michel|Zander|Strauß|Bürger|Holzmann|Opitz|Krebs|Freitag|Knapp|Kremer|Esser|Geiger|"
        "Wiegand|"
        "Reinhardt|Merkel|Hauser|Stark|Heck|Naumann|Kirsch|Anders|Kruse|Lenz|Neubauer|Wolter|Urban|Hesse|Gruber|"
        "Schütz|Bartels|Ackermann|Nowak|Rudolph|Schramm|Göbel|Born|Zeller|Blank|Kohl|Menzel|Rohde|Hagen|Sander|Glaser|"
        "Heise|Held|Junker|Krieger|Späth|Röder|Pape|Pieper|Wilke|Drescher|Vetter|Buchholz|Behrens|Ahrens|Lohmann|"
        "Brinkmann|Westphal|Steffens|Conrad|Wulf|Kellner|Bräuer|Hölzer|Münch|Stöhr|Gärtner|Schäfer-Klein|"
        "Meyer-Lang|von Berg|von der Heide|Zur Mühlen|Vom Stein|Loos|Schönfeld|Grünwald|Kümmel|Straßer|Heß|Faßbender|"
        "Yıldız|Yılmaz|Kaya|Demir|Şahin|Çelik|Nguyen|Kowalski|Nikolić|Petrović|Marković",
    .male =
        "Peter|Michael|Thomas|Andreas|Wolfgang|Klaus|Jürgen|Günter|Stefan|Christian|Uwe|Werner|Horst|Frank|Dieter|"
        "Manfred|Gerhard|Hans|Bernd|Thorsten|Mathias|Helmut|Walter|Heinz|Martin|Jörg|Rolf|Jens|Sven|Alexander|Jan|"
        "Rainer|Holger|Karl|Dirk|Joachim|Ralf|Carsten|Herbert|Oliver|Wilhelm|Kurt|Markus|Heinrich|Paul|Hermann|Rudolf|"
        "Norbert|Torsten|Ulrich|Marco|Robert|Sebastian|Daniel|Tobias|Florian|Philipp|Lukas|Leon|Finn|Jonas|Felix|Elias|"
        "Noah|Maximilian|Ben|Luca|Emil|Anton|Moritz|Theo|Jakob|David|Simon|Fabian|Dominik|Kevin|Patrick|Marcel|Dennis|"
        "Björn|Lars|Matthias|Johannes|Hans-Peter|Karl-Heinz|Hans-Jürgen|Hans-Joachim|Otto|Friedrich|Georg|Erich|Alfred|"
        "Franz|Josef|Konrad|Lothar|Volker|Jochen|Detlef|Götz|Sönke|Jannik|Niklas|Tim|Tom|Erik|Nils|Linus|Oskar|Henri|"
        "Julian|Vincent|Mehmet|Ömer",
    .female =
        "Ursula|Karin|Helga|Sabine|Ingrid|Renate|Monika|Susanne|Gisela|Petra|Birgit|Andrea|Anna|Brigitte|Claudia|Erika|"
        "Christa|Elke|Stefanie|Gertrud|Elisabeth|Maria|Angelika|Heike|Gabriele|Katrin|Ilse|Nicole|Anja|Barbara|"
        "Hildegard|Martina|Ingeborg|Gerda|Marion|Jutta|Ute|Hannelore|Irmgard|Christine|Inge|Christina|Silke|Margarete|"
        "Tanja|Julia|Katharina|Sandra|Melanie|Kerstin|Nadine|Anke|Simone|Daniela|Silvia|Bettina|Doris|Ruth|Hanna|Emma|"
        "Mia|Sophia|Emilia|Lina|Marie|Lea|Leonie|Lena|Clara|Johanna|Luisa|Charlotte|Frieda|Ella|Ida|Mathilda|Greta|"
        "Paula|Laura|Sarah|Lisa|Jana|Vanessa|Jessica|Franziska|Annika|Theresa|Magdalena|Eva|Anneliese|Käthe|Edith|"
        "Waltraud|Rosemarie|Anne-Katrin|Eva-Maria|Heidi|Marlene|Antje|Britta|Dörte|Gesa|Maike|Wiebke|Svenja|Pia|Nele|"
        "Zoë|Amelie|Antonia|Helene|Mila|Romy|Elif|Ayşe"};

}  // namespace alzette::generate
