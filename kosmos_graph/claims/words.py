"""The words that make a claim, by the kind of claim they make."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UP = _words(
    "higher larger greater more increase increases increased increasing rise rises rose risen rising above exceed exceeds exceeded "
    "exceeding heavier longer taller bigger grow grows grew growing upward upwards gain gains gained elevated raised wider deeper "
    "outperform outperforms outweigh outweighs surpass surpasses surpassed "
)
DOWN = _words(
    "lower smaller less fewer decrease decreases decreased decreasing fall falls fell fallen falling drop drops dropped dropping "
    "decline declines declined declining below reduce reduces reduced lighter shorter narrower shallower downward downwards "
    "diminish diminishes diminished shrink shrinks shrank "
)
CHANGE = _words(
    "increase increases increased increasing rise rises rose risen rising fall falls fell fallen falling decrease decreases "
    "decreased decreasing drop drops dropped dropping decline declines declined declining"
)
"""Words of direction that can go "from X to Y"."""
POSITIVE = _words("positive positively")
NEGATIVE = _words("negative negatively inverse inversely")
HIGHEST = _words("highest largest greatest heaviest longest tallest biggest ")
LOWEST = _words("lowest smallest fewest lightest shortest ")
VAGUE_DIRECTION = _words(
    "better worse faster slower improve improves improved improving worsen worsens worsened superior inferior best worst stronger "
    "weaker outcompete advantage disadvantage benefit benefits beneficial harmful deteriorate deteriorates deteriorated"
)

STRENGTH = _words(
    "strong strongly weak weakly large small huge tiny negligible dramatic dramatically substantial substantially considerable "
    "considerably marked markedly moderate moderately slight slightly remarkable remarkably striking strikingly meaningful "
    "meaningfully important importantly notable notably trivial major minor massive enormous vast modest modestly pronounced "
    "impressive relevant profound immense sizeable sizable appreciable appreciably majority mostly mainly chiefly primarily "
    "predominantly massively hugely vastly "
)
SIGNIFICANCE = _words("significant significantly significance insignificant insignificantly nonsignificant non-significant")
CERTAINTY = _words(
    "prove proves proved proven proof confirm confirms confirmed confirmation certain certainly certainty clearly definitely "
    "definitive definitively undoubtedly undeniable undeniably obvious obviously always conclusive conclusively guarantee "
    "guarantees guaranteed demonstrate demonstrates demonstrated establish establishes established irrefutable unquestionably "
    "indisputable indisputably evidently surely unmistakable unmistakably undoubted convincing convincingly compelling "
    "overwhelming overwhelmingly"
)
VERDICT = _words(
    "support supports supported supporting refute refutes refuted inconclusive reject rejects rejected verified validates "
    "validated disprove disproves disproved falsified falsifies"
)
CAUSE_VERB = _words(
    "cause causes caused causing affect affects affected affecting influence influences influenced influencing drive drives drove "
    "driven driving induce induces induced trigger triggers triggered produce produces produced determine determines determined "
    "impacts impacted boost boosts boosted enhance enhances enhanced owing helps helped attributable because "
    " alter alters altered"
)
CAUSE_NOUN = _words("causal causally causation causality impact impacts consequence consequences effectiveness efficacy")
CAUSE_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        r"effects? (?:\w+ )?(?:of|on)",
        r"(?:lead|leads|led|leading) to",
        r"(?:result|results|resulted|resulting) (?:in|from)",
        r"due to",
        r"thanks to",
        r"responsible for",
        r"make(?:s)? \S+ \w+er",
        r"brings? about",
        r"give(?:s)? rise to",
        r"attribut\w+ to",
        r"contribut\w+ to",
        r"work(?:s|ed)? by",
        r"explain(?:s|ed)? why",
        r"account(?:s|ed)? for",
    )
)

EXISTENCE = _words(
    "differ differs differed different differently associated correlated correlates correlate related relates linked varies vary "
    "varied depends depend changed covary covaries goes"
)
ABSENCE = _words(
    "same equal equally identical unchanged unrelated uncorrelated independent independently similar similarly equivalent "
    "equivalence comparable indistinguishable"
)
CLOSE = _words("similar similarly equivalent equivalence comparable")
CLAIM_NOUNS = _words("hypothesis hypotheses prediction expectation claim idea theory statement that it this")
THERE_IS = _words("difference differences association associations relationship relation correlation trend link gap")

RESULT_CLAIM = re.compile(
    r"\b(?:results?|data|analysis|analyses|test|tests|findings?|evidence)\s+(?:clearly\s+)?"
    r"(?:show|shows|showed|reveal|reveals|revealed|prove|proves|proved|confirm|confirms|confirmed|found|indicate|indicates|indicated)\b"
    r"|\b(?:we|i)\s+(?:found|observed|showed|proved|confirmed|measured)\b"
    r"|\b(?:was|were|is|are)\s+(?:statistically\s+)?(?:significant|proven|confirmed)\b",
    re.IGNORECASE,
)

NUMBER_WORDS = _words(
    "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
    "twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion billions "
    "trillion dozen dozens half halves twice thrice double doubles doubled triple triples tripled quadruple quadrupled twofold "
    "threefold fourfold fivefold tenfold hundredfold quarter quarters percent halved halving doubling"
)
NUMBER_PARTS = frozenset(NUMBER_WORDS - _words("half double triple quarter percent zero")) | {"one"}
"""Words that make a hyphenated word a number: twenty-one."""
STRUCTURE = _words(
    "group groups level levels side sides sided tailed sample samples variable variables column columns measurement measurements "
    "condition conditions way category categories factor factors file files arm arms moments dates periods series analyses methods "
    "species sexes classes conditions values value hypothesis question blind"
)
ONE_IS_A_NUMBER = _words(
    "percent percentage unit units times point points third half quarter hundred thousand million standard fold"
)

NEGATION = _words("not no never none nor neither cannot without nothing hardly")
EPISTEMIC = _words(
    "show shows shown showing establish established demonstrate demonstrated support supports indicate indicates suggest suggests "
    "imply implies mean means prove proves proven provide provides allow allows conclude concluded say says tell tells told settle "
    "settles settled determine determined known know evidence indication clear clearly infer inferred attribute attributed "
    "necessarily possible read interpreted taken certain sure sign proof separate separates distinguish distinguished detect "
    "detected confirm reveal enough rule"
)
UNKNOWN = _words("unclear unknown undecided unsettled insufficient unable impossible inconclusive fails failed lack lacks doubtful")
OPEN = _words("whether if")
REVERSED = _words(
    "false wrong doubt doubts deny denies denied dispute disputed disputes untrue incorrect mistaken question denying only"
)
PROCEDURE = _words(
    "measured adjusted assigned observed sampled included recorded declared used randomised randomized random analysed analyzed "
    "collected available independent allowed studied tested modelled balanced complete reported"
)
"""What a study did or did not do: "not measured" denies nothing about its result."""
HEDGE = _words("may might could can would possibly perhaps potentially possible should")

FUNCTION_WORDS = NEGATION | OPEN | _words("a an the is are was were and or of in to it as at by for on i")
CLAIM_WORDS = (
    UP
    | DOWN
    | POSITIVE
    | NEGATIVE
    | HIGHEST
    | LOWEST
    | VAGUE_DIRECTION
    | STRENGTH
    | SIGNIFICANCE
    | CERTAINTY
    | VERDICT
    | CAUSE_VERB
    | CAUSE_NOUN
    | EXISTENCE
    | ABSENCE
    | NUMBER_WORDS
)

SIZE_OF_STUDY = _words(
    "data row rows observation observations sample samples study studies measurement measurements research work experiment "
    "experiments covariate covariates variable variables column columns information precise precision precisely detail detailed "
    "details power uncertainty uncertain care caution cautious bound bounds limit limits end ends interval intervals replicates "
    "repetition investigation records units participants subjects cases follow-up period periods robust years sites number numbers"
)
OTHER_QUANTITY = _words(
    "variance variances variability variation spread scatter sd deviation deviations dispersion skewness skewed skew range "
    "outliers kurtosis missingness missing quantile quartile leverage residual residuals precision"
)

ACCIDENT = _words(
    "chance confounding confounder confounders unmeasured sampling noise selection measurement missing random error errors "
    "outliers assigned assignment excluded exclusions imbalance adjusted rows sample data"
)
"""What a result may be put down to without naming a cause in the world."""

CARDINALS = _words("two three four five six seven eight nine ten")
BE = _words(
    "is are was were be been being not seem seems appear appears significantly remain remains n't isn't aren't wasn't weren't"
)

ENGLISH = _words(
    "the a an of is are was were and or in to it with that this by for on not no from at as be been between than does do may might "
    "could has have had which there their its but if whether other more what would should these those rows"
)
FOREIGN = _words(
    "der das und ist nicht mit ein eine einen zwischen sind wird auf durch für aber oder auch le la les du dans pour avec une sur "
    "plus que qui sont pas el los las una por con del más pero il della che sono per nel uma não com dos het een "
    "van niet voor zijn och "
    "är att som på av ikke og til er jest nie się oraz ve bir için"
)
