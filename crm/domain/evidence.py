"""How strongly a report speaks for each chain node, and for trades that are none of the city's chains.

Proof keeps the words it came from: reasons are made of them. Called by `crm/domain/matching.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from crm.domain.clauses import Clause, scope_clauses, statement_clauses
from crm.domain.match_input import MatchInput
from crm.domain.reference import ReferencePack
from crm.domain.vocabulary import Entry, FinderMaker, Found, Sounds, Vocabulary

HINT = 3.0
MOST_READ = 6_000  # characters of a text: what comes after says little, and a hostile text must not cost a second
CLASS_EXACT, CLASS_PARENT = 0.8, 0.35
# field, weight for nodes, weight for outside trades: what is done now weighs most, a name may be an old one
STATEMENTS = (("main_business", 1.0, 1.0), ("summary", 0.9, 0.9), ("title", 0.5, 0.4))
SCOPE, SCOPE_OUTSIDE, SCOPE_ALONE = 0.4, 0.15, 0.85
NAME, NAME_OUTSIDE, NAME_ALONE = 0.35, 0.7, 0.8
ALIAS, PROCESS = 0.15, 0.1
MODIFIER, MODIFIED_WITHIN, AS_HEAVY = 0.5, 3, 0.6
FAINT_SIGHT, MOST_HEARD, HEARD = 0.6, 400, 0.6
HEARD_CLAUSE = Clause("", 1.0)
_PIECES = re.compile(r"[^,;。，；\n]{1,200}[,;。，；\n]?")
_PRODUCT = re.compile(r"[用的]?(?:it)?(?:系统|软件|工具|设备|装备|机械|机器人|仪器|终端|芯片|材料|装置|耗材|包装|saas)")
_APART = re.compile(r"[、,;和及与或/()+ ]|制造|生产|研发|销售|加工|设计")


@dataclass(slots=True)
class Proof:
    """What stands for one node or outside trade: total strength, and that of each word."""

    strength: float = 0.0
    words: dict[str, float] = field(default_factory=dict)

    def add(self, word: str, strength: float) -> None:
        """A word said again proves little more: only a stronger place raises it, plus a tenth."""
        before = self.words.get(word)
        if before is None:
            self.words[word] = strength
            self.strength += strength
            return
        after = max(before, strength) + (0.1 * min(before, strength))
        self.words[word] = after
        self.strength += after - before

    def best(self, count: int = 3) -> tuple[str, ...]:
        return tuple(sorted(self.words, key=lambda w: (-self.words[w], w))[:count])


@dataclass(slots=True)
class Evidence:
    """All proof of one report. `trade_share`: how much of it came from clauses that speak of selling only."""

    nodes: dict[str, Proof] = field(default_factory=dict)
    outside: dict[str, Proof] = field(default_factory=dict)
    made: float = 0.0
    traded: float = 0.0
    has_statement: bool = False
    says_making: bool = False
    stated_outside: float = 0.0  # the strongest outside trade that the statements themselves name
    registered: bool = False  # a main business or scope is given, not only what somebody typed

    @property
    def strongest(self) -> float:
        return max((proof.strength for proof in self.nodes.values()), default=0.0)

    @property
    def trade_share(self) -> float:
        return self.traded / (self.made + self.traded) if self.made + self.traded else 0.0

    def count(self, gained: float, trade: bool) -> None:
        if trade:
            self.traded += gained
        else:
            self.made += gained


class EvidenceFinder:
    """Reads reports against one pack; compiled once, used for many."""

    def __init__(
        self, pack: ReferencePack, fold: Callable[[str], str], make_finder: FinderMaker, sounds: Sounds | None
    ) -> None:
        self._vocabulary = Vocabulary(pack, fold, make_finder, sounds)
        self._fold = fold
        self._side_lines = frozenset(fold(line.phrase) for line in pack.side_lines)
        self._classes = _class_index(pack)
        self._outside_classes = {o.word: (o.domain, o.weight) for o in pack.outside if o.kind == "class"}
        self._parents = {c.code: c.parent for c in pack.classes.values()}
        self._class_names = {c.code: c.name for c in pack.classes.values()}

    def read(self, given: MatchInput) -> Evidence:
        evidence = Evidence(registered=bool(given.main_business or given.business_scope))
        for code in given.chain_nodes:
            evidence.nodes.setdefault(code, Proof()).add("报送单位指明", HINT)
        for name, weight, outside in STATEMENTS:
            text = self._fold(_bounded(getattr(given, name)))
            clauses = tuple(statement_clauses(text))
            if name != "title":
                evidence.has_statement |= bool(clauses)
                evidence.says_making |= any(clause.makes for clause in clauses)
            self._read_clauses(evidence, clauses, weight, outside)
        evidence.stated_outside = max((proof.strength for proof in evidence.outside.values()), default=0.0)
        self._read_scope_and_name(evidence, given)
        for code in given.gbt4754:
            self._read_class(evidence, code)
        if evidence.strongest < FAINT_SIGHT:
            self._hear(evidence, given)
        return evidence

    def _hear(self, evidence: Evidence, given: MatchInput) -> None:
        """Little was read: perhaps a message was dictated, and words only sound like the ones meant."""
        seen = {word for proof in evidence.nodes.values() for word in proof.words}
        for text in (given.main_business, given.summary):
            for entry in self._vocabulary.hear(self._fold(text[:MOST_HEARD])) if text else ():
                if entry.word not in seen:
                    self._count(evidence, entry, HEARD_CLAUSE, HEARD, HEARD)

    def _read_scope_and_name(self, evidence: Evidence, given: MatchInput) -> None:
        """Scope and name prove little beside a statement, and are all there is without one."""
        stated = evidence.has_statement
        scope = tuple(scope_clauses(self._fold(_bounded(given.business_scope)), self._side_lines, alone=not stated))
        self._read_clauses(evidence, scope, SCOPE if stated else SCOPE_ALONE, SCOPE_OUTSIDE if stated else SCOPE_ALONE)
        name_weight = NAME if stated or scope else NAME_ALONE
        name = Clause(self._fold(given.name), 1.0)
        self._read_clauses(evidence, (name,), name_weight, NAME_OUTSIDE)
        others = [Clause(self._fold(text), 1.0) for text in (*given.aliases, given.english_name) if text]
        self._read_clauses(evidence, others, ALIAS, ALIAS)
        processes = [Clause(self._fold(risk), 1.0) for risk in given.process_risks]
        self._read_clauses(evidence, processes, PROCESS, 0.0)

    def _read_clauses(self, evidence: Evidence, clauses: Iterable[Clause], weight: float, outside: float) -> None:
        for clause in clauses:
            found = self._vocabulary.scan(clause.text)
            last = len(found) - 1
            for place, word in enumerate(found):
                entry = word.entry
                share = theirs = _as_modifier(word, found[place + 1], clause.text) if place < last else 1.0
                if entry.outside and _PRODUCT.match(clause.text, word.end):
                    theirs = MODIFIER
                self._count(evidence, entry, clause, weight * share, outside * theirs)
                for inner in entry.inside:
                    self._count(evidence, inner, clause, weight * share, outside * theirs)

    @staticmethod
    def _count(evidence: Evidence, entry: Entry, clause: Clause, weight: float, outside: float) -> None:
        word, nodes = entry.word, evidence.nodes
        scale = clause.weight * weight
        for node, strength in entry.nodes.items():
            proof = nodes.get(node)
            if proof is None:
                proof = nodes[node] = Proof()
            proof.add(word, strength * scale)
        if entry.nodes:
            evidence.count(entry.strongest * weight, clause.trade)
        if entry.outside:
            scale = clause.outside_weight * outside
            for domain, strength in entry.outside.items():
                evidence.outside.setdefault(domain, Proof()).add(word, strength * scale)

    def _read_class(self, evidence: Evidence, code: str) -> None:
        """A class of GB/T 4754 speaks for the nodes that bear it, less for those of the same 中类."""
        exact = self._classes.get(code, ())
        label = f"国民经济行业 {code} {self._class_names.get(code, '')}".strip()
        for node in exact:
            evidence.nodes.setdefault(node, Proof()).add(label, CLASS_EXACT / len(exact) ** 0.6)
        siblings = [n for n in self._classes.get(code[:3], ()) if n not in exact]
        for node in siblings:
            evidence.nodes.setdefault(node, Proof()).add(label, CLASS_PARENT / len(siblings) ** 0.6)
        ancestor: str | None = code
        while ancestor:
            if ancestor in self._outside_classes and not exact:
                domain, weight = self._outside_classes[ancestor]
                evidence.outside.setdefault(domain, Proof()).add(label, weight)
            ancestor = self._parents.get(ancestor)


def _bounded(text: str) -> str:
    """What is read of a text: of a very long one every sentence once, so that repetition hides nothing, up to MOST_READ."""
    if len(text) <= MOST_READ:
        return text
    return "".join(dict.fromkeys(_PIECES.findall(text)))[:MOST_READ]


def _as_modifier(word: Found, head: Found, text: str) -> float:
    """The last noun of a compound is what it is about: in "机器人主题餐厅" a restaurant, in "食品机械" a machine. A word with
    another of its own weight close behind, and nothing between that joins or lists, says less. Share left, 0–1."""
    if head.start - word.end > MODIFIED_WITHIN or _APART.search(text, word.end, head.start):
        return 1.0
    mine, others = word.entry, head.entry
    if not mine.nodes.keys().isdisjoint(others.nodes) or not mine.outside.keys().isdisjoint(others.outside):
        return 1.0
    heavy = max(others.strongest, others.strongest_outside) >= AS_HEAVY * max(mine.strongest, mine.strongest_outside)
    return MODIFIER if heavy else 1.0


def _class_index(pack: ReferencePack) -> Mapping[str, tuple[str, ...]]:
    """Class code, and its 中类 and 大类 prefix, → nodes that bear it."""
    found: dict[str, list[str]] = {}
    for node in pack.nodes.values():
        for code in node.gbt4754:
            for prefix in {code, code[:3]}:
                if node.code not in found.setdefault(prefix, []):
                    found[prefix].append(node.code)
    return {code: tuple(nodes) for code, nodes in found.items()}
