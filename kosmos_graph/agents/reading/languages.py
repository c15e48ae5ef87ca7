"""Word-by-word glosses of the question words of German, French and Spanish, so that one reading serves them all."""

from __future__ import annotations

from kosmos_graph.agents.reading.lexicon import words as word_set


def _table(text: str) -> dict[str, str]:
    pairs = (entry.split("=", 1) for entry in text.replace("\n", ";").split(";") if "=" in entry)
    return {word.strip(): gloss.strip() for words, gloss in pairs for word in words.split("|")}


GERMAN = _table("""der|die|das|den|dem|des=the;ein|eine|einen|einem|einer|eines=a;gibt=is;es=there
ist|sind|war|waren=is;und=and;oder=or
zwischen=between;von|vom=of;mit=with;bei|im|in=in;auf=on;nach=after;vor=before;seit=since;fur=for;zu|zum|zur=to
als=than;je=per
unter=among;ab=;sich=;uber=over;durch=by;nicht=not;kein|keine|keinen=no;auch=also;aus=from;am=on;so=as;wie=how
was|welche|welcher|welches|welchen=what
unterschied|unterschiede|unterschieden=difference;unterscheidet|unterscheiden=differ
zusammenhang|zusammenhange|beziehung=relationship
korrelation=correlation;korreliert|korrelieren=correlate;hangt|hangen|abhangt=depend;abhangig=depend;zusammen=together
einfluss|einfluß|effekt|wirkung=effect
beeinflusst|beeinflussen|bestimmt|bestimmen|erklart|erklaren|wirkt|wirken=affect;verursacht|verursachen=cause
faktoren=factors;variablen=variables
hoher|hohere|hoheren|hoherer|hoherem|hoheres|grosser|grossere|grosseren|grosserer|grosserem|grosseres|mehr|haufiger=more
niedriger|niedrigere|kleiner|kleinere|kleineren|weniger|geringer|tiefer=less
schwerer=heavier;leichter=lighter;alter=older;junger=younger;langer|langere=longer;kurzer|kurzere=shorter
schneller=faster;langsamer=slower
wiegen|wiegt=weight;haben|hat|hatte|hatten=have;mannlich|mannliche|mannlichen|manner|mannern|mannchen=men
weiblich|weibliche|weiblichen|frauen|weibchen=women
durchschnittlich|durchschnittliche|durchschnittlichen|durchschnitt|mittlere|mittleren|mittelwert|mittel=mean
median=median;anteil|anteile=proportion
hochste|hochsten|hochster|grosste|grossten|meisten=most;niedrigste|niedrigsten|kleinste|kleinsten=least;
hoch=high;gemessen=measured;gross=large;schwer=heavy;viel|viele=much;andert|andern|anderte|verandert|verandern|geandert|veranderung=change
gestiegen|steigt|steigen|stieg|zugenommen=increase;gesunken|sinkt|sinken|sank|abgenommen|gefallen=decrease
zeit|laufe=time;trend=trend
gleich|gleiche|gleichen=same;wahrscheinlicher=likelier;uberleben|uberlebt|uberlebten=survive;gewicht=weight;masse=mass
geschlecht=sex
preis|preise=price;einkommen=income;lange=length;breite=width;hohe=height;tiefe=depth;jahr|jahre|jahren=year
insel|inseln=island
art|arten|spezies=species;korpermasse=body mass;korpergewicht=body mass;flossenlange=flipper length
schnabellange=bill length;raucher=smokers;nichtraucher=non smokers
vergleiche|vergleich|vergleichen=compare;jeder|jede|jedem=each;pro=per;gruppe|gruppen=groups;pinguine|pinguinen=penguins
kontrolliert|bereinigt=adjusted;temperatur=temperature;behandlung=treatment""")

FRENCH = _table("""le|la|les|l=the;un|une=a;des|de|du|d=of;est|sont|etait|etaient=is;il|y=;a|t=;et=and;ou=or
entre=between;avec=with;dans|en=in;sur=on
apres=after;avant=before;depuis=since;pour=for;que=than;parmi|chez=among;selon|par=by;au|aux=to;ne=;pas=not
aucun|aucune=no;plus=more;moins=less
quel|quelle|quels|quelles|quoi|qu=what;comment=how;ce|cette|ces=this;se|s=;ils|elles|elle=they;leur|leurs=their
difference|differences=difference;different|differe|differents|differente=differ;relation|lien|rapport=relationship
lie|liee|lies|liees|associe|associee|associes=related
correlation=correlation
correle|correles|correlee=correlated;depend|dependent=depend;effet|influence|impact=effect
influencent|affecte|affectent|determine|determinent|explique|expliquent=affect
cause|provoque=cause;facteurs=factors;variables=variables;eleve|elevee|eleves|elevees|grand|grande|grands|grandes=high
lourd|lourds|lourdes|lourde=heavy;ages|agees=old;hommes|homme|males=men;femmes|femme|femelles=women
moyen|moyenne|moyens=mean;mediane|median=median
proportion|part=proportion;change|changent|varie|varient=change;augmente|augmentent|augmentation=increase
diminue|diminuent|baisse=decrease
temps=time;tendance=trend;meme|memes=same;fumeurs=smokers;fumeur=smoker;poids=weight;masse=mass;sexe=sex;prix=price
revenu=income;longueur=length;largeur=width
hauteur=height;annee|annees|an|ans=year;ile|iles=island;espece|especes=species;corporelle|corporel=body
nageoire|nageoires=flipper;bec=bill
ont|avait|avoir=have;compare|comparer|comparez=compare;chaque=each;pese|pesent=weight;manchots=penguins
traitement=treatment;survecu|survivre=survive
probables|probable=likely;temperature=temperature""")

SPANISH = _table("""el|la|los|las|lo=the;un|una|unos|unas=a;de|del=of;es|son|esta|estan|era|eran=is;hay|existe=is there
y|e=and;o|u=or;entre=between;con=with
en=in;sobre=on;despues=after;antes=before;desde=since;para=for;que=than;segun|por=by;al=to;no=not;ningun|ninguna=no
mas|mayor|mayores=more
menos|menor|menores=less;cual|cuales=what;como=how;cuanto|cuanta=how much;este|esta|esto=this;se=;su|sus=their
ha|han|tiene|tienen|tener=have
diferencia|diferencias=difference;difiere|difieren|distinto|distinta|diferente|diferentes=differ
relacion|vinculo|asociacion=relationship;correlacion=correlation
correlacionado|correlacionada|correlacionados|correlacionan=correlated
relacionado|relacionada|relacionados|asociado=related;depende|dependen=depend
efecto|impacto|influencia=effect;afecta|afectan|influye|influyen|determina|determinan|explica|explican=affect
causa|causan=cause;factores=factors
variables=variables;alto|alta|altos=high;pesados|pesadas|pesado=heavy;hombres|hombre|machos=men
mujeres|mujer|hembras=women;promedio|media=mean;mediana=median
proporcion|porcentaje=proportion;cambia|cambian|cambio|varia|varian=change;aumenta|aumentan|aumentado|sube=increase
disminuye|disminuyen|baja=decrease
tiempo=time;tendencia=trend;mismo|misma|igual|iguales=same;fumadores=smokers;fumador=smoker;peso=weight;pesan=weight
masa=mass;sexo=sex;precio=price;ingreso|ingresos=income
longitud=length;anchura|ancho=width;altura=height;ano|anos=year;isla|islas=island;especie|especies=species
corporal=body;aleta|aletas=flipper;pico=bill
compara|comparar=compare;cada=each;pinguinos=penguins;tratamiento=treatment;sobrevivir=survive
probable|probables=likely;temperatura=temperature""")

TABLES = (GERMAN, FRENCH, SPANISH)
MARKS = (
    word_set(
        """der die das den dem ist sind gibt es ein eine einen zwischen und von hat haben welche wie unterscheidet
    unterscheiden sich bei nach auf als wiegen wiegt schwerer leichter hoher mehr manner frauen mannchen
    weibchen unterschied zusammenhang hangt beeinflusst beeinflussen anteil hoch steigt gestiegen mittelwert
    einfluss"""
    ),
    word_set(
        """le la les un une des est sont il entre et avec dans que quel quelle quels quelles ont du selon t y de ce
    plus moins hommes femmes lien influencent dependent quelle moyenne evolue sexe"""
    ),
    word_set(
        """el la los las un una es son hay existe entre y con en que cual cuales cuanto del por de se mas hombres
    mujeres diferencia relacion afecta afectan depende proporcion hay media"""
    ),
)
ENGLISH = word_set("the is are do does did of between and with what which how in there has have on by than a to for from")


def gloss_table(words: list[str]) -> dict[str, str]:
    """The table of the language that most of a question's function words belong to; empty for English and for all others."""
    counts = [sum(word in marks for word in words) for marks in MARKS]
    best = max(range(len(TABLES)), key=lambda number: (counts[number], -number))
    if counts[best] < 2 or counts[best] <= sum(word in ENGLISH for word in words):
        return {}
    return TABLES[best]
