"""What TeX's macros look like in Unicode: tables only, read by :mod:`bot.tex`.

The symbols are those that stand in the titles and abstracts of 173,000 arXiv papers more than once or twice.
"""

from __future__ import annotations


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYMBOLS = _pairs(
    r"""
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ
mu μ nu ν xi ξ pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ
omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω ell ℓ hbar ℏ Im ℑ
Re ℜ aleph ℵ partial ∂ nabla ∇ infty ∞ emptyset ∅ varnothing ∅ forall ∀ exists ∃ neg ¬ top ⊤ bot ⊥ angle ∠
degree ° degr ° textdegree ° deg ° circ ° prime ′ arcsec ″ arcmin ′ farcs .″ farcm .′ AA Å aa å AE Æ ae æ
OE Œ oe œ O Ø o ø L Ł l ł ss ß i ı j ȷ S § P ¶ dag † dagger † ddag ‡ ddagger ‡ copyright © pounds £ euro €
texteuro € checkmark ✓ bullet • textbullet • star ⋆ ast * odot ⊙ sun ☉ square □ Box □ bigcirc ○ triangle △
lbrace { rbrace } lbrack [ rbrack ] langle ⟨ rangle ⟩ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ vert | Vert ‖ lvert |
rvert | lVert ‖ rVert ‖ backslash \ textbackslash \ textasciitilde ~ textasciicircum ^ textunderscore _
ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ textellipsis … textendash – textemdash — textquoteright ’
textquoteleft ‘ percent % LaTeX LaTeX TeX TeX sum ∑ prod ∏ int ∫ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ slash /
textregistered ® texttrademark ™ textmu µ textmicro µ textperthousand ‰ wp ℘ imath i jmath j surd √
textgreater > textless < textbar | textdollar $ textsterling £ texttimes × textpm ± lbracket [ rbracket ]
Msun M⊙ msun M⊙ Rsun R⊙ Lsun L⊙ micro µ angstrom Å kelvin K circledR ® ie i.e. eg e.g. etc etc. vs vs.
wrt w.r.t.
"""
) | {"etal": "et al."}

OPERATORS = _pairs(
    """
times × pm ± mp ∓ cdot · div ÷ sim ∼ simeq ≃ approx ≈ cong ≅ equiv ≡ propto ∝ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠
ll ≪ gg ≫ lesssim ≲ gtrsim ≳ lessapprox ⪅ gtrapprox ⪆ leqslant ≤ geqslant ≥ lt < gt > in ∈ notin ∉ ni ∋
subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ cup ∪ cap ∩ setminus ∖ to → rightarrow → longrightarrow → leftarrow ←
gets ← leftrightarrow ↔ longleftrightarrow ↔ Rightarrow ⇒ Longrightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ iff ⇔
implies ⇒ mapsto ↦ uparrow ↑ downarrow ↓ nearrow ↗ searrow ↘ updownarrow ↕ rightleftharpoons ⇌
leftrightarrows ⇆ nrightarrow ↛ oplus ⊕ otimes ⊗ ominus ⊖ oslash ⊘ wedge ∧ land ∧ vee ∨ lor ∨ perp ⊥
parallel ∥ mid | prec ≺ succ ≻ preceq ⪯ succeq ⪰ asymp ≍ models ⊨ vdash ⊢ ltimes ⋉ rtimes ⋊ bowtie ⋈ ltsim ≲
gtsim ≳ la ≲ ga ≳
"""
)

ESCAPES = (
    {mark: mark for mark in "&%$#_{}|[]()"}
    | dict.fromkeys(" ;:>\\", " ")
    | dict.fromkeys("!/-@", "")
    | {",": "\u2009"}
)

FUNCTIONS = _names("""
    log ln lg exp sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan max min sup inf lim limsup
    liminf arg argmax argmin det dim ker gcd Pr hom mod bmod
""")
NOTHING = _names("""
    bf it rm em sc tt sf sl cal bfseries itshape scshape ttfamily rmfamily sffamily mdseries upshape
    normalfont boldmath unboldmath tiny scriptsize footnotesize small normalsize large Large LARGE huge
    Huge noindent displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits left right big
    Big bigg Bigg bigl bigr Bigl Bigr biggl biggr middle protect xspace centering relax string par
    newline linebreak hfill null nobreak allowbreak mathstrut strut item maketitle smallskip medskip
    bigskip negthinspace
""")
SPACES = _names("""
    quad qquad space enspace thinspace nobreakspace medspace thickspace
""")
STRIPPED = _names("""
    emph uline underline mbox hbox fbox boxed smash boldsymbol bm pmb operatorname mathop gls acs ac acf
    acp acl Ac Acp Acl glspl ensuremath uppercase lowercase num si unit bb Acrlong Acrshort uwave underbrace
    overbrace substack ang url nolinkurl path hl ul acrshort acrlong acrfull
""")
DROPPED = _names("""
    color label vspace hspace vskip hskip index begin end hypertarget vphantom phantom
""")
CITED = _names("""
    cite citep citet citealt citealp citeauthor citeyear parencite textcite autocite ref eqref cref Cref
    autoref
""")

_MARKS = {
    "\u0301": "' acute", "\u0300": "` grave", "\u0302": "^ hat widehat", "\u0308": '" ddot',
    "\u0303": "~ tilde widetilde", "\u0304": "= bar overline", "\u0307": ". dot", "\u0327": "c",
    "\u030c": "v check", "\u0306": "u breve", "\u030b": "H", "\u0328": "k", "\u030a": "r mathring",
    "\u0323": "d", "\u0331": "b", "\u20d7": "vec overrightarrow",
}  # fmt: skip
ACCENTS = {name: mark for mark, names in _MARKS.items() for name in names.split()}

SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ",
        strict=True,
    )
)
SUBSCRIPTS = dict(
    zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)
BLACKBOARD = {"R": "ℝ", "C": "ℂ", "N": "ℕ", "Q": "ℚ", "Z": "ℤ", "P": "ℙ", "E": "𝔼", "H": "ℍ", "F": "𝔽"}
