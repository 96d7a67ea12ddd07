// Portuguese names, most frequent first. The last name comes from the father, the one before from the mother.
#include "src/generate/names.h"

namespace alzette::generate {

const NameText portuguese{
    .family =
        "Silva|Santos|Ferreira|Pereira|Oliveira|Costa|Rodrigues|Martins|Jesus|Sousa|Fernandes|Gonçalves|Gomes|Lopes|"
        "Marques|Alves|Almeida|Ribeiro|Pinto|Carvalho|Teixeira|Moreira|Correia|Mendes|Nunes|Soares|Vieira|Monteiro|"
        "Cardoso|Rocha|Neves|Coelho|Cruz|Cunha|Pires|Ramos|Reis|Simões|Antunes|Matos|Fonseca|Machado|Araújo|Barbosa|"
        "Tavares|Lourenço|Castro|Figueiredo|Azevedo|Freitas|Magalhães|Henriques|Lima|Guerreiro|Batista|Pinheiro|Faria|"
        "Miranda|Barros|Morais|Nogueira|Esteves|Anjos|Baptista|Campos|Mota|Andrade|Brito|Sá|Nascimento|Leite|Abreu|"
        "Borges|Melo|Vaz|Pinho|Vicente|Gaspar|Assunção|Maia|Moura|Valente|Carneiro|Garcia|Neto|Amaral|Branco|Dias|"
        "Leal|Pacheco|Duarte|Macedo|Paiva|Torres|Domingues|Amorim|Loureiro|Guimarães|Nobre|Cabral|Rosa|Viegas|Pais|"
        "Bento|Salgado|Santiago|Sequeira|Viana|Paulo|Afonso|Serra|Veiga|Xavier|Luz|Conceição|Fidalgo|Serrano|Quintas|"
        "Leitão|Frade|Falcão|Ventura|Fontes|Varela|Bastos|Trindade|Sampaio|Meireles|Queirós|Caetano|Calado|Graça|Diniz|"
        "Sardinha|Rebelo|Queiroz|Cordeiro|Palma|Couto|Louro|Felix|Peixoto|Prata|Raposo|Fialho|Evangelista|Saraiva|"
        "Feliciano|Marinho|Gouveia|Vasconcelos|Caldeira|Passos|Brandão|Seabra|Teles|Godinho|Guedes|Carreira|Salvador|"
        "Sobral|Bernardo|Alexandre|Barreto|Camacho|Lemos|Rego|Barata|Toscano|Ferrão|Gama|Portela|Furtado|Amado|"
        "Medeiros|"
        "Franco|Bessa|Palmeira|Aguiar|Vidal|Parreira|Mesquita|Lobo|Bispo|Galvão|Rangel|Lago|Albuquerque|Semedo|Tavares "
        "Dias|"
        "Delgado|Fortes|Évora|Lisboa|Braga|Porto|Coimbra|Viseu|Chaves|Bragança|Cavaco|Moniz|Frazão|Janeiro|Outeiro|"
        "Ruivo|"
        "Madeira|Mourão|Bettencourt|Botelho|Câmara|Arruda|Ávila|Pimentel|Raposeiro|Cordeiro Dias|Catarino|Patrício|"
        "Severino|Rosário|Espírito Santo|Boavida|Bonifácio|Salgueiro|Carrilho|Varandas|Mendonça|Caeiro|Fragoso|Grilo|"
        "Galhardo|Lagarto|Marçal|Zacarias|Rufino|Quaresma|Roque|Romão|Roldão|Sabino|Sanches|Sarmento|Serpa|Silveira|"
        "Simas|Tomás|Trigo|Valadares|Valério|Varanda|Velho|Vilela|Vilaça|Vilar|Vilhena|Vinhas|Bicho|Bexiga|Cabaço|"
        "Cabrita|Canário|Canas|Carapinha|Carmo|Cerqueira|Chagas|Clemente|Colaço|Crespo|Custódio|Damas|Damião|Dantas|"
        "da Silva|dos Santos|da Costa|de Sousa|de Jesus|de Almeida|da Cruz|dos Reis|das Neves|do Carmo|da Conceição|"
        "Delfim|Escada|Estrela|Falé|Farinha|Feio|Ferro|Festas|Figueira|Filipe|Flores|Folgado|Fragata|Frutuoso|Gil|"
        "Girão",
    .male =
        "José|António|João|Manuel|Carlos|Paulo|Luís|Pedro|Francisco|Jorge|Rui|Fernando|Joaquim|Nuno|Miguel|Ricardo|"
        "Tiago|Bruno|Mário|Vítor|Hugo|André|Daniel|Filipe|Rafael|Diogo|Gonçalo|David|Sérgio|Marco|Alexandre|Artur|"
        "Armando|Domingos|Albino|Américo|Augusto|Adelino|Alberto|Alfredo|Álvaro|Amadeu|Arménio|Belmiro|Bernardo|"
        "Cláudio|Cristiano|Duarte|Eduardo|Elísio|Emanuel|Ernesto|Estêvão|Eugénio|Fábio|Fausto|Félix|Gabriel|Gil|"
        "Guilherme|"
        "Gustavo|Helder|Henrique|Horácio|Ivo|Jaime|Jerónimo|Joel|Jónatas|Júlio|Leandro|Leonel|Lourenço|Lucas|Luciano|"
        "Martim|Mateus|Maurício|Nelson|Octávio|Orlando|Óscar|Patrício|Raul|Renato|Roberto|Rodrigo|Rogério|Rúben|"
        "Salvador|"
        "Samuel|Santiago|Sebastião|Simão|Telmo|Tomás|Valentim|Valter|Vasco|Vicente|Virgílio|Xavier|José Manuel|José "
        "Carlos|"
        "António José|João Pedro|Carlos Alberto|Luís Filipe|Afonso|Dinis",
    .female =
        "Maria|Ana|Sandra|Paula|Carla|Sónia|Cristina|Isabel|Fernanda|Teresa|Helena|Susana|Patrícia|Sara|Joana|Inês|"
        "Beatriz|Mariana|Catarina|Marta|Rita|Cátia|Vera|Elisabete|Anabela|Rosa|Margarida|Graça|Luísa|Fátima|Conceição|"
        "Lurdes|Manuela|Amélia|Alice|Alexandra|Andreia|Ângela|Aurora|Bárbara|Benedita|Bruna|Carlota|Carolina|Célia|"
        "Clara|"
        "Cláudia|Daniela|Diana|Dulce|Eduarda|Elsa|Emília|Ermelinda|Esmeralda|Eva|Filipa|Filomena|Francisca|Gabriela|"
        "Gisela|"
        "Glória|Guiomar|Idália|Irene|Íris|Júlia|Lara|Laura|Leonor|Lídia|Liliana|Lúcia|Luana|Lucinda|Madalena|Mafalda|"
        "Magda|Marisa|Matilde|Mónica|Natália|Natércia|Noémia|Olga|Olinda|Olívia|Otília|Palmira|Piedade|Raquel|Rute|"
        "Sílvia|Sofia|Solange|Tânia|Telma|Tatiana|Vanessa|Verónica|Violeta|Virgínia|Zulmira|Maria João|Maria José|"
        "Ana Maria|Ana Paula|Maria Manuela|Maria do Carmo|Maria de Fátima|Ana Sofia|Constança"};

}  // namespace alzette::generate
