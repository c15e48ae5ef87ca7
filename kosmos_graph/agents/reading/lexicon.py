"""Tables of general words that the reading of questions rests on; nothing here knows any data set."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


STOP = words(
    """a an the of in on at to for from with by and or nor but is are was were be been being am do does did done has have had
    having can could will would shall should may might must there here their they them he she his her it its this that these
    those any some all each every both either neither between among amongst across within than as if so too also only just not
    no s t me my we our us you your i who whom whose which what when where how why whether per via into onto over under above
    below about against during after before since until then while up down out off again very more most less least much many
    such other others same own respectively rather let versus vs et al ie eg"""
)

NEUTRAL = words(
    """data dataset sample samples study survey people person persons individual individuals participant participants subject
    subjects respondent respondents observation observations case cases record records unit units group groups value values
    level levels measurement measurements variable variables factor factors statistical statistically significant
    significantly real really true truly actual actually evidence test tests testing whether tell show shows find know want
    like please check see look average averages mean means typical typically overall general generally different kind type
    various important strong strongly clear clearly get gets got getting go goes make makes made give given given seem seems
    appear appears tend tends exist exists hold holds think believe expect say ask wonder interested question hypothesis
    measurable meaningful systematic systematically detectable noticeable substantial substantially term terms regard respect
    connection relationship relation association correlation correlate correlated correlates associated associate related
    relate linked link difference differences differ differs differing vary varies varying variation change changes changed
    changing affect affects affected affecting effect effects influence influences influenced impact impacts impacted depend
    depends depending dependent predict predicts predicted predictor predictors predictive explain explains explained
    determine determines determined drive drives driven driver drivers cause causes caused causal increase increases increased
    increasing decrease decreases decreased decreasing rise rises rising rose risen fall falls fell falling fallen grow grows
    grew growing grown drop drops dropped higher lower high low larger smaller large small greater bigger big great fewer few
    compare compared comparing comparison equal equals equivalent similar similarly identical likely likelihood chance chances
    probability odds proportion share percentage percent fraction rate median percentile quantile quartile decile estimate
    estimated trend trends time times number amount size quantity total one two three have been total measured matter matters
    play plays role part contribute contributes contribution linear linearly positive positively negative negatively inverse
    inversely monotonic independent independently unrelated better worse best worst way result results outcome outcomes
    response distribution distributions across based according function used using use usually often common commonly new
    come comes went own take takes taken become becomes became reach reaches exceed exceeds remain remained stay stayed stays
    good bad extent much degree randomly random population sided tailed hypotheses analysis analyse analyze control
    controlling controlled controls adjust adjusting adjusted adjustment account accounting confidence interval level quite
    characteristic characteristics property properties attribute attributes feature features category categories class
    classes conditional holding constant fixed together tell around approximately roughly exactly least consider considering
    gap pronounced correspond corresponds show shown showing report reported reporting record recorded pattern patterns
    relevant ever today nowadays recent recently past current currently raise raises raised reduce reduces reduced lift boost
    boosts boosted shift shifted jump jumped shorten lead leads led leading end ended produce produces"""
)

GENERIC = words(
    """rate number total index score level value type status count code name mean average percent amount size degree measure
    group category unit data id per in of max min log std change difference ratio sum main first last new old flag is has
    variable time date day length width height depth year month week mark result response no num nr n pct avg tot the and
    for by to value class new years"""
)
"""Words that do not identify a column when they are all that matches of its name."""

DIMENSIONS = words("length width height depth")
"""Generic words that identify a column after all when only one column has them."""

UNITS = words(
    """mm cm m km g kg mg ug lb lbs oz pounds ms sec secs s mins hr hrs hour hours days kcal cal c f k kpa hpa mmhg bpm hz khz
    mhz usd eur gbp dollars euros pct percent l ml dl kw w kwh mph kmh kmph ppm ppb sqm sqft
    m2 km2 ha m3 in inches inch ft feet miles mi yrs thousands
    millions"""
)

SYNONYMS: tuple[frozenset[str], ...] = tuple(
    words(group)
    for group in (
        "weight mass weigh wt weighing heaviness",
        "sex gender",
        "survive survival surviv survived survivor alive",
        "die died death dead mortality deceased dy",
        "price cost fare fee priced pay paid charge sell sold",
        "leave left leaves leaving",
        "win won winning",
        "sleep slept asleep",
        "lose lost",
        "buy bought",
        "income salary wage earnings earning pay wages earn salaries",
        "height stature tall tallness",
        "temperature temp",
        "education schooling educ school",
        "country nation",
        "children kid kids child childr",
        "car vehicle automobile auto",
        "religion religious religiou religiosity",
        "unemployment unemp jobless unemployed",
        "rain precipitation rainfall precip",
        "murder homicide",
        "spending expenditure expenditures expense expenses spend",
        "smoke smoker smoking smok cigarette cigarettes",
        "speed velocity",
        "happiness happy",
        "wealth net_worth",
        "job occupation profession",
        "illness disease sickness",
        "drug medication medicine",
        "consumption consum consume",
        "movie film",
        "marriage marital married marri",
        "duration elapsed",
        "mileage mpg",
        "horsepower hp",
        "company firm",
        "race ethnicity",
        "lifespan longevity",
        "treatment arm",
        "rating rated rate",
        "old age ag aged",
        "acceleration accelerate accelerat",
        "student pupil",
        "city town",
        "choose chooses choosing chose chosen choice choices",
        "read reads reading",
        "write writes writing wrote written",
        "spend spends spent spending",
        "grow growth grown grew",
        "teach teaching taught teacher",
        "eat ate eaten eating",
        "drink drank drunk drinking",
    )
)
"""Small general set of words of one meaning."""

ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    "wt": ("weight", "mass"),
    "ht": ("height",),
    "hgt": ("height",),
    "yr": ("year",),
    "yrs": ("year", "years"),
    "num": ("number",),
    "nr": ("number",),
    "no": ("number",),
    "pct": ("percent", "percentage", "share", "proportion"),
    "perc": ("percent", "percentage"),
    "avg": ("average", "mean"),
    "max": ("maximum", "highest"),
    "min": ("minimum", "lowest"),
    "qty": ("quantity",),
    "amt": ("amount",),
    "hrs": ("hour", "hours"),
    "hr": ("hour", "hours", "heart"),
    "bp": ("pressure",),
    "exp": ("expectancy", "expenditure", "experience"),
    "percap": ("capita",),
    "pop": ("population",),
    "cyl": ("cylinder", "cylinders"),
    "disp": ("displacement",),
    "trt": ("treatment",),
    "tx": ("treatment",),
    "grp": ("group",),
    "sqft": ("area", "footage"),
    "dist": ("distance",),
    "vol": ("volume",),
    "freq": ("frequency",),
    "qual": ("quality",),
    "emp": ("employment",),
    "mins": ("minute", "minutes"),
    "secs": ("second", "seconds"),
    "dob": ("birth",),
    "edu": ("education",),
    "inc": ("income",),
    "temp": ("temperature",),
    "chol": ("cholesterol",),
    "dept": ("department", "departments"),
    "cat": ("category",),
    "mgr": ("manager",),
    "cust": ("customer",),
    "prod": ("product", "production"),
    "loc": ("location",),
    "org": ("organisation", "organization"),
    "len": ("length",),
    "wid": ("width",),
    "spd": ("speed",),
    "alt": ("altitude",),
    "prob": ("probability",),
    "diff": ("difference",),
    "acc": ("accuracy", "acceleration"),
    "sal": ("salary",),
    "dur": ("duration",),
    "resp": ("response",),
    "hosp": ("hospital",),
    "univ": ("university",),
    "exper": ("experience",),
    "conc": ("concentration",),
    "res": ("residence",),
    "lang": ("language",),
    "sat": ("satisfaction", "saturday"),
}

ALIASES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("mpg", "milespergallon"), ("fuel economy", "fuel efficiency", "gas mileage", "mileage", "miles per gallon")),
    "co2": ("carbon dioxide",),
    **dict.fromkeys(("gdp", "gdppercap"), ("gross domestic product",)),
    "bmi": ("body mass index",),
    "hp": ("horsepower", "engine power"),
    "sbp": ("systolic blood pressure",),
    "dbp": ("diastolic blood pressure",),
}
"""Other names of columns that are called by a well-known abbreviation, by the column's letters and digits."""

PLAIN_WORDS = words(
    """car age day sex tip cat bill mass class pass out win art men man son sun war law tax men bar ban ill pen pin tin ten hot
    hat ham has his him her end ear eat era oil act add aid aim air all and any arm ask bad bag bat bed big bit box boy bus buy
    can cap cut dad dog dry due ego egg eye fan far fat fee fit fly fun gas get god gun hit ice ink job key kid leg let lie lip
    lot low map mid mix mom net new nut odd off old one own pay pet pot put rat raw red rid row run sad sea see set she shy sin
    sit six sky sum tea the tie toe top toy try two use van wet who why yes you zoo port form count part cent star stat rest
    lead cost rate race plan plant comp cord corn hand land band mark ever ours year her here there hear heat head heart sort
    wine fire firm cons pers inter cover state stand group color colon order press reason season tree fact"""
)
"""Short words that are no abbreviation of the longer words that begin like them."""

GENERIC_LEVELS = words(
    """yes no true false y n t f other others none unknown na nan missing 0 1 not applicable some any all total mean high low
    medium same more less average time day year number"""
)
POSITIVE_LEVELS = (
    "yes",
    "true",
    "1",
    "y",
    "t",
    "positive",
    "present",
    "success",
    "ja",
    "oui",
    "si",
    "1.0",
    "x",
    "alive",
    "survived",
)
NEGATIVE_LEVELS = ("no", "false", "0", "n", "f", "negative", "absent", "failure", "nein", "non", "0.0", "none", "dead", "died")
CONTROL_LEVELS = (
    "control",
    "placebo",
    "untreated",
    "standard",
    "reference",
    "baseline",
    "usual care",
    "none",
    "ctrl",
    "sham",
    "before",
    "pre",
)
BEFORE = words("before pre baseline initial start t0 prior begin beginning pretest pretreatment vorher avant antes")
AFTER = words("after post followup follow final end t1 posttest posttreatment nachher apres despues")

PEOPLE: dict[str, frozenset[str]] = {
    "male": words("male males man men boy boys gentleman gentlemen"),
    "female": words("female females woman women girl girls lady ladies"),
}
PEOPLE_LEVELS: dict[str, frozenset[str]] = {
    "male": words("male man men m boy boys males"),
    "female": words("female woman women f w girl girls females"),
}
PLACES: dict[str, str] = {
    "american": "usa us america",
    "americans": "usa us america",
    "european": "europe",
    "japanese": "japan",
    "german": "germany",
    "french": "france",
    "british": "uk britain",
    "chinese": "china",
    "indian": "india",
    "canadian": "canada",
    "african": "africa",
    "asian": "asia",
    "states": "usa",
}
CALENDAR = words(
    """monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
    november december mondays tuesdays wednesdays thursdays fridays saturdays sundays"""
)
MONTHS = {
    "january": 1,
    "february": 2,
    "march": 3,
    "april": 4,
    "may": 5,
    "june": 6,
    "july": 7,
    "august": 8,
    "september": 9,
    "october": 10,
    "november": 11,
    "december": 12,
}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
CAPITAL_PLACES = {"US": "usa us america", "USA": "usa us america", "UK": "uk britain", "EU": "eu europe"}
"""Places whose short names are other words when written small."""
TREATMENTS = words("treat treatment treated trt intervention program programme exposed exposure")
TREATED = words("treated intervention exposed")
UNTREATED = words("control controls untreated unexposed")
"""What the two groups of a treatment coded yes and no are called."""
RELATION_NOUNS = words(
    """correlation correlations relationship relationships relation relations association associations effect effects trend
    trends impact influence slope link dependence connection difference change"""
)
GROUP_NOUNS = words("group groups arm level class category type condition site batch treatment cohort sample")
ROWS = words(
    """person people men women children mice individual
    participant subject respondent patient student pupil child kid adult teenager employee worker
    staff player athlete customer client consumer shopper user visitor passenger traveller traveler voter citizen resident
    inhabitant household family couple mother father parent baby infant newborn woman man girl boy female male car vehicle
    truck house home apartment flat property building store shop restaurant hotel company firm business school hospital
    clinic country state city town county region district village nation place location area site field farm plot animal
    dog cat mouse rat bird fish penguin chick cow pig horse plant tree flower seed crop cell bacterium bacteria gene sample
    product item book movie film song game match race flight trip journey day week month year night hour order purchase
    transaction loan account row record case observation entry unit data event accident crime """
)
"""Words for what a row may be."""
NARROW = words(
    """child children kid adult teenager men women mother father parent baby infant newborn
    woman man girl boy female male pupil citizen voter
    teacher nurse doctor driver smoker drinker"""
)
"""Words for rows that say which of them: `among women` is about a part of the rows."""
LESS_IS_BETTER = words(
    """pain error errors time duration cost costs price mortality death deaths risk symptom symptoms loss losses delay delays
    waiting wait latency defect defects crime murder poverty unemployment pollution emission emissions depression anxiety stress
    severity relapse infection complications failure failures rank injuries accidents debt churn noise rmse mae dropout"""
)
"""Quantities of which less is better."""
ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "1st": "1", "2nd": "2", "3rd": "3", "4th": "4"}
NUMBER_WORDS = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0, "eight": 8.0}
NUMBER_WORDS |= {"nine": 9.0, "ten": 10.0, "twelve": 12.0, "twenty": 20.0, "hundred": 100.0, "zero": 0.0}

MORE = words("more higher larger greater bigger above over exceeds exceed")
LESS = words("less lower smaller fewer below under")
