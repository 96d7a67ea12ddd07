// French names, most frequent first.
#include "src/generate/names.h"

namespace alzette::generate {

const NameText french{
    .family =
        "Martin|Bernard|Thomas|Petit|Robert|Richard|Durand|Dubois|Moreau|Laurent|Simon|Michel|Lefebvre|Leroy|Roux|"
        "David|"
        "Bertrand|Morel|Fournier|Girard|Bonnet|Dupont|Lambert|Fontaine|Rousseau|Vincent|Muller|Lefèvre|Faure|André|"
        "Mercier|Blanc|Guérin|Boyer|Garnier|Chevalier|François|Legrand|Gauthier|Garcia|Perrin|Robin|Clément|Morin|"
        "Nicolas|Henry|Roussel|Mathieu|Gautier|Masson|Marchand|Duval|Denis|Dumont|Marie|Lemaire|Noël|Meyer|Dufour|"
        "Meunier|Brun|Blanchard|Giraud|Joly|Rivière|Lucas|Brunet|Gaillard|Barbier|Arnaud|Martinez|Gérard|Roche|"
        "Renard|Schmitt|Roy|Leroux|Colin|Vidal|Caron|Picard|Roger|Fabre|Aubert|Lemoine|Renaud|Dumas|Lacroix|Olivier|"
        "Philippe|Bourgeois|Pierre|Benoît|Rey|Leclerc|Payet|Rolland|Leclercq|Guillaume|Lecomte|Lopez|Jean|Dupuy|"
        "Guillot|Hubert|Berger|Carpentier|Sanchez|Dupuis|Moulin|Louis|Deschamps|Huet|Vasseur|Perez|Boucher|Fleury|"
        "Royer|Klein|Jacquet|Adam|Paris|Poirier|Marty|Aubry|Guyot|Carré|Charles|Renault|Charpentier|Ménard|Maillard|"
        "Baron|Bertin|Bailly|Hervé|Schneider|Fernandez|Le Gall|Collet|Léger|Bouvier|Julien|Prévost|Millet|Perrot|"
        "Daniel|Le Roux|Cousin|Germain|Breton|Besson|Langlois|Rémy|Le Goff|Pelletier|Lévêque|Perrier|Leblanc|Barré|"
        "Lebrun|Marchal|Weber|Mallet|Hamon|Boulanger|Jacob|Monnier|Michaud|Rodriguez|Guichard|Gillet|Étienne|"
        "Grondin|Poulain|Tessier|Chevallier|Collin|Chauvin|Da Silva|Bouchet|Gay|Lemaître|Bénard|Maréchal|Humbert|"
        "Reynaud|Antoine|Hoarau|Perret|Barthélemy|Cordier|Pichon|Lejeune|Gilbert|Lamy|Delaunay|Pasquier|Carlier|"
        "Laporte|Gros|Buisson|Thierry|Tanguy|Rossi|Bonneau|Weiss|Mahé|Camus|Bousquet|Hébert|Coulon|Delmas|Riou|"
        "Leduc|Chauvet|Guillou|Allard|Besnard|Voisin|Lesage|Maury|Georges|Ferrand|Pons|Jacques|Leconte|Bigot|Texier|"
        "Blanchet|Delattre|Seguin|Gros-Jean|Prigent|Launay|Didier|Albert|Valentin|Ollivier|Devaux|Marion|Ruiz|"
        "Chrétien|Duhamel|Bodin|Marin|Jourdan|Briand|Gaudin|Neveu|Besançon|Duclos|Lebreton|Courtois|Regnier|Pineau|"
        "Imbert|Bourdon|Verdier|Wagner|Delorme|Maurice|Toussaint|Lacombe|Blin|Le Corre|Grégoire|Mouton|Rocher|"
        "Guyon|Descamps|Vaillant|De Oliveira|Teixeira|Navarro|Bouvet|Lagarde|Bazin|Merle|Raynaud|Thibault|Colas|"
        "Levy|Godard|Loiseau|Bertho|Merlin|Cohen|Mary|Hernandez|Hardy|Guilbert|Alexandre|Ledoux|Peltier|Coste|"
        "Dubreuil|Maillet|Couturier|Rodier|Pottier|Lacoste|Ferry|Kieffer|Dupré|Gomez|Hoffmann|De la Tour|D'Arcy|"
        "Saint-Martin|Châtelain|L'Hermitte|Du Bois|Crépin|Thévenin|Bréhier|Féron|Lœuillet|Cœurdevey",
    .male =
        "Jean|Pierre|Michel|Philippe|Alain|Nicolas|Patrick|Christophe|Daniel|Christian|Frédéric|Laurent|Bernard|"
        "Stéphane|Éric|David|Pascal|Sébastien|Julien|Thierry|Olivier|Gérard|Alexandre|Thomas|Jacques|Didier|"
        "Dominique|Jérôme|Vincent|François|Bruno|Guillaume|Marc|Antoine|Maxime|Claude|Benjamin|Franck|Serge|Gilles|"
        "Fabrice|Mathieu|Romain|Kévin|Lucas|Hugo|Louis|Arthur|Gabriel|Raphaël|Paul|Jules|Adam|Nathan|Léo|Clément|"
        "Anthony|Florian|Cédric|Fabien|Arnaud|Yves|Xavier|Damien|Loïc|Rémi|Benoît|Mickaël|Jean-Pierre|Jean-Luc|"
        "Jean-Claude|Jean-Paul|Jean-Marc|Jean-Michel|Jean-François|Henri|André|Roger|René|Robert|Georges|Marcel|"
        "Denis|Joël|Régis|Hervé|Thibault|Grégory|Quentin|Baptiste|Étienne|Simon|Théo|Enzo|Noé|Mathis|Noah|Gaël|"
        "Tristan|Valentin|Adrien|Aurélien|Yann|Erwan|Cyril|Ludovic|Sylvain|Lionel|Jérémy|Yannick|Lilian|Éloi|Marius|"
        "Augustin",
    .female =
        "Marie|Nathalie|Isabelle|Sylvie|Catherine|Françoise|Martine|Christine|Monique|Valérie|Sandrine|Véronique|"
        "Nicole|Stéphanie|Sophie|Céline|Chantal|Patricia|Anne|Brigitte|Julie|Aurélie|Laurence|Christelle|Dominique|"
        "Virginie|Caroline|Émilie|Camille|Laura|Emma|Jade|Louise|Alice|Chloé|Lina|Léa|Manon|Rose|Anna|Inès|Sarah|"
        "Zoé|Charlotte|Juliette|Mathilde|Lucie|Pauline|Marine|Élodie|Mélanie|Delphine|Karine|Florence|Corinne|"
        "Annie|Jacqueline|Michèle|Jeanne|Denise|Danielle|Simone|Yvette|Colette|Ginette|Odette|Geneviève|Hélène|"
        "Claire|Agnès|Cécile|Audrey|Vanessa|Marion|Amandine|Anaïs|Mélissa|Océane|Clara|Eva|Romane|Agathe|Gabrielle|"
        "Adèle|Margaux|Éléonore|Noémie|Maëlys|Lola|Ambre|Mila|Apolline|Joséphine|Victoire|Capucine|Bérénice|Solène|"
        "Gaëlle|Maëlle|Anne-Marie|Marie-Claude|Marie-Christine|Marie-Thérèse|Anne-Sophie|Marie-Laure|Thérèse|"
        "Bernadette|Josiane|Évelyne|Régine|Nadine|Fabienne|Carole|Séverine|Laetitia|Estelle"};

}  // namespace alzette::generate
