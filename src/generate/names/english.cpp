// English, Irish and Scottish names, most frequent first.
#include "src/generate/names.h"

namespace alzette::generate {

const NameText english{
    .family =
        "Smith|Jones|Williams|Taylor|Brown|Davies|Evans|Wilson|Thomas|Johnson|Roberts|Robinson|Thompson|Wright|Walker|"
        "White|Edwards|Hughes|Green|Hall|Lewis|Harris|Clarke|Patel|Jackson|Wood|Turner|Martin|Cooper|Hill|Ward|Morris|"
        "Moore|Clark|Lee|King|Baker|Harrison|Morgan|Allen|James|Scott|Phillips|Watson|Davis|Parker|Price|Bennett|Young|"
        "Griffiths|Mitchell|Kelly|Cook|Carter|Richardson|Bailey|Collins|Bell|Shaw|Murphy|Miller|Cox|Richards|Khan|"
        "Marshall|Anderson|Simpson|Ellis|Adams|Singh|Begum|Wilkinson|Foster|Chapman|Powell|Webb|Rogers|Gray|Mason|Ali|"
        "Hunt|Hussain|Campbell|Matthews|Owen|Palmer|Holmes|Mills|Barnes|Knight|Lloyd|Butler|Russell|Barker|Fisher|"
        "Stevens|Jenkins|Murray|Dixon|Harvey|Graham|Pearson|Ahmed|Fletcher|Walsh|Kaur|Gibson|Howard|Andrews|Stewart|"
        "Elliott|Reynolds|Saunders|Payne|Fox|Ford|Pearce|Day|Brooks|West|Lawrence|Cole|Atkinson|Bradley|Spencer|Gill|"
        "Dawson|Watts|O'Brien|Duffy|O'Connor|O'Neill|O'Sullivan|Byrne|Ryan|Doyle|McCarthy|Gallagher|Doherty|Kennedy|"
        "Lynch|"
        "Quinn|McLoughlin|Carroll|Connolly|Daly|Wallace|Burke|Brennan|Collier|Burton|Hart|Francis|Rose|Harding|Burns|"
        "Newman|Barrett|Nicholson|Oliver|Lane|Armstrong|Williamson|Rees|Hudson|Ball|Perry|Dunn|Rowe|Grant|Stone|Bird|"
        "Berry|Arnold|Gardner|Cunningham|Hayes|Chambers|Woods|Hawkins|Lowe|Hopkins|Townsend|Coleman|Willis|Johnston|"
        "Curtis|Webster|Baldwin|Morton|Sutton|Gregory|Barber|Parsons|Knowles|Henderson|Black|Robertson|Macdonald|Reid|"
        "Ross|Paterson|Watt|Hamilton|Ferguson|Duncan|MacKenzie|McLean|MacLeod|Fraser|Cameron|Sinclair|Douglas|Gordon|"
        "Sutherland|Buchanan|Drummond|McKay|McIntyre|McGregor|Bruce|Burgess|Bishop|Blake|Bolton|Booth|Bowen|Boyle|"
        "Briggs|"
        "Bright|Bryan|Buckley|Bull|Byrd|Carr|Chandler|Charlton|Church|Cross|Crawford|Dale|Daniels|Dean|Dennis|"
        "Dickinson|"
        "Dodd|Doran|Drew|Dyer|Eaton|Farrell|Field|Finch|Fleming|Flynn|Forster|Fowler|Franklin|Freeman|French|Frost|"
        "Gallacher|Garner|George|Gilbert|Glover|Goddard|Goodwin|Gough|Greenwood|Hancock|Hardy|Harper|Heath|Hewitt|"
        "Higgins|"
        "Hodgson|Holland|Holt|Horton|Howell|Humphreys|Hutchinson|Ingram|Jarvis|Jennings|Jordan|Joyce|Kemp|Kent|Kirby|"
        "Lambert|Lamb|Law|Leonard|Little|Long|Love|Lucas|Manning|Marsh|May|Mellor|Middleton|Moran|Norris|Norton|"
        "Smith-Jones|Taylor-Brown|Lloyd-Evans|St John|De Vere",
    .male =
        "David|John|Paul|James|Andrew|Mark|Michael|Robert|Peter|Stephen|Christopher|Daniel|Richard|William|Simon|"
        "Matthew|"
        "Anthony|Thomas|Steven|Kevin|Ian|Gary|Alan|Philip|Martin|Jonathan|Benjamin|Joseph|Adam|Neil|Alexander|Nicholas|"
        "Timothy|Samuel|George|Edward|Jack|Oliver|Harry|Charlie|Jacob|Noah|Oscar|Archie|Leo|Henry|Joshua|Freddie|Ethan|"
        "Isaac|Logan|Lucas|Max|Mason|Luke|Dylan|Ryan|Callum|Liam|Connor|Sean|Patrick|Craig|Stuart|Scott|Graham|Keith|"
        "Kenneth|Brian|Barry|Derek|Dennis|Roy|Ronald|Donald|Raymond|Malcolm|Trevor|Nigel|Colin|Geoffrey|Roger|Gordon|"
        "Terence|Frank|Frederick|Arthur|Albert|Walter|Ernest|Harold|Stanley|Leonard|Douglas|Norman|Eric|Cian|Oisín|"
        "Seán|Fionn|Eoin|Niall|Aidan|Rory|Hamish|Angus|Ewan|Gareth|Rhys|Owen|Muhammad|Arjun|Zachary",
    .female =
        "Susan|Margaret|Sarah|Karen|Patricia|Christine|Elizabeth|Julie|Mary|Jacqueline|Linda|Helen|Emma|Jane|Claire|"
        "Laura|Rebecca|Rachel|Jennifer|Amanda|Tracey|Nicola|Sharon|Michelle|Lisa|Louise|Alison|Deborah|Joanne|Lynn|"
        "Anne|"
        "Catherine|Angela|Caroline|Samantha|Charlotte|Hannah|Jessica|Amy|Lucy|Gemma|Katie|Victoria|Natalie|Kelly|Emily|"
        "Olivia|Amelia|Isla|Ava|Mia|Sophia|Grace|Lily|Freya|Ivy|Ella|Rosie|Evie|Florence|Poppy|Phoebe|Daisy|Alice|"
        "Isabella|Sienna|Ruby|Evelyn|Matilda|Eleanor|Molly|Chloe|Megan|Bethany|Abigail|Georgia|Holly|Lauren|Danielle|"
        "Stephanie|Donna|Dawn|Wendy|Jean|Joan|Joyce|Dorothy|Barbara|Pauline|Sheila|Brenda|Maureen|Doris|Irene|Kathleen|"
        "Eileen|Hilda|Edith|Marjorie|Vera|Siobhán|Niamh|Aoife|Saoirse|Róisín|Caitlín|Fiona|Kirsty|Morag|Eilidh|Siân|"
        "Carys|Fatima|Aisha|Priya|Zoë"};

}  // namespace alzette::generate
