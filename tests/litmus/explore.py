# SPDX-License-Identifier: MIT
# Can a litmus test's condition come true? All executions of its few instructions, against a memory model.
#
# Owns: a reader of the small part of herd's notation that tests/litmus uses, and two models, both by candidate
# executions: for each load the store that it reads (rf), for each location the order of its stores (co), and axioms
# that refuse some.
# C11: RC11 (Lahav et al., 2017) without RMW and SC accesses; release sequences are single stores, as in C++20,
# which allows more.
# Machines: what RISC-V's RVWMO and AArch64 have in common: each location is coherent; a store becomes visible to
#	all others at once; and order comes from barriers, acquire and release. Dependencies and same-address rules are
#	left out, so all that those two allow is allowed here too. LoongArch's manual has no formal model: that its stores
#	are visible to all others at once is an assumption.
# Never: compiles anything, nor knows what the latch is.
import itertools
import re


class Event:
    """kind R, W or F. For F, `order` is the kinds that it orders: (before, after); else '', 'acquire' or 'release'."""

    def __init__(self, thread, kind, place=None, value=None, register=None, order='', text=''):
        self.thread, self.kind, self.place, self.value = thread, kind, place, value
        self.register, self.order, self.text = register, order, text

    def weaker(self):
        if self.kind == 'F':
            return None
        return Event(self.thread, self.kind, self.place, self.value, self.register, '', self.text)


# --- The notation -----------------------------------------------------------------------------------------------------

C_STORE = r'atomic_store_explicit\((\w+), (\d+), memory_order_(\w+)\)'
C_LOAD = r'int (\w+) = atomic_load_explicit\((\w+), memory_order_(\w+)\)'
C_FENCE = r'atomic_thread_fence\(memory_order_(\w+)\)'
C_ORDERS = {'acquire': ('R', 'RW'), 'release': ('RW', 'W')}  # for RC11 the pair is only a name


def c_statement(thread, text):
    if found := re.fullmatch(C_STORE, text):
        return Event(thread, 'W', found[1], int(found[2]), order=found[3].replace('relaxed', ''), text=text)
    if found := re.fullmatch(C_LOAD, text):
        return Event(thread, 'R', found[2], register=found[1], order=found[3].replace('relaxed', ''), text=text)
    if found := re.fullmatch(C_FENCE, text):
        return Event(thread, 'F', order=C_ORDERS[found[1]], text=text)
    raise SyntaxError(text)


# By machine: (pattern with groups `register` and `address`, kind, order), and what each barrier orders.
ACCESSES = {
    'AArch64': [(r'ldr {r}, \[{a}\]', 'R', ''), (r'ldap?r {r}, \[{a}\]', 'R', 'acquire'),
                (r'str {r}, \[{a}\]', 'W', ''), (r'stlr {r}, \[{a}\]', 'W', 'release')],
    'RISCV': [(r'ld {r}, 0\({a}\)', 'R', ''), (r'sd {r}, 0\({a}\)', 'W', '')],
    'LoongArch': [(r'ld\.d {r}, {a}, 0', 'R', ''), (r'st\.d {r}, {a}, 0', 'W', ''),
                  (r'amswap_db\.d \$zero, {r}, {a}', 'W', 'release')],  # the part of its barriers that is relied on
}
# LoongArch's hints: 0 orders everything; in 0x1x, set bits 3 to 0 leave out load and store before, load and store
# after.
BARRIERS = {'dmb ish': ('RW', 'RW'), 'dmb ishld': ('R', 'RW'), 'fence rw, rw': ('RW', 'RW'), 'fence r, rw': ('R', 'RW'),
            'fence rw, w': ('RW', 'W'), 'dbar 0': ('RW', 'RW'), 'dbar 16': ('RW', 'RW'), 'dbar 20': ('R', 'RW'),
            'dbar 18': ('RW', 'W')}


def instruction(machine, thread, text, initial):
    if text in BARRIERS:
        return Event(thread, 'F', order=BARRIERS[text], text=text)
    for pattern, kind, order in ACCESSES[machine]:
        found = re.fullmatch(pattern.format(r=r'(?P<register>[$\w]+)', a=r'(?P<address>[$\w]+)'), text)
        if found:
            place, value = initial[thread, found['address']], initial.get((thread, found['register']))
            return Event(thread, kind, place, int(value) if kind == 'W' else None, found['register'], order, text)
    raise SyntaxError(text)


class Litmus:
    """machine, name, threads = [[Event]], bad(registers)"""

    def __init__(self, text):
        text = re.sub(r'\(\*.*?\*\)', '', text, flags=re.S)
        head, initial, body, condition = re.fullmatch(r'(.*?)\{(.*?)\}\n(.*)\nexists\s*(.*)', text, re.S).groups()
        self.machine, self.name = head.split()
        self.condition = re.sub(r'(\d+):(\$?\w+)=(\d+)', r'(registers[\1, "\2"] == \3)', condition)
        for sign, word in (('/\\', ' and '), ('\\/', ' or '), ('~', ' not '), ('\n', ' ')):
            self.condition = self.condition.replace(sign, word)
        if self.machine == 'C':
            bodies = re.findall(r'P\d+ \(.*?\) \{(.*?)\n\}', body, re.S)
            self.threads = [[c_statement(t, s.strip()) for s in b.split(';') if s.strip()]
                            for t, b in enumerate(bodies)]
        else:
            registers = {(int(t), r): v for t, r, v in re.findall(r'(\d+):(\$?\w+)=(\w+);', initial)}
            rows = [row.rstrip(' ;').split('|') for row in body.strip().splitlines()][1:]
            columns = [[re.sub(r',\s*', ', ', c.strip().lower()) for c in column if c.strip()]
                       for column in itertools.zip_longest(*rows, fillvalue='')]
            lower = {(t, r.lower()): v for (t, r), v in registers.items()}
            self.condition = re.sub(r'"([^"]*)"', lambda r: r[0].lower(), self.condition)
            self.threads = [[instruction(self.machine, t, i, lower) for i in c] for t, c in enumerate(columns)]

    def bad(self, registers):
        return eval(self.condition.strip(), {'registers': registers})  # pylint: disable=eval-used


# --- The models -------------------------------------------------------------------------------------------------------

def closure(edges):
    reach = list(edges)
    for k in range(len(reach)):
        for i in range(len(reach)):
            if reach[i] >> k & 1:
                reach[i] |= reach[k]
    return reach


def acyclic(edges):
    return not any(reach >> i & 1 for i, reach in enumerate(closure(edges)))


def union(*relations):
    return [a | b for a, b in zip(relations[0], union(*relations[1:]))] if len(relations) > 1 else relations[0]


class Execution:
    """Events with relations as bit masks: po, rf, co, fr; event 0 is every location's initial store."""

    def __init__(self, events, sources, orders):
        n = len(events)
        self.events, self.sources = events, sources
        self.po, self.rf, self.co, self.fr = [0] * n, [0] * n, [0] * n, [0] * n
        for i, a in enumerate(events):
            for j, b in enumerate(events):
                if j > i and (i == 0 or a.thread == b.thread):
                    self.po[i] |= 1 << j
        for order in orders.values():
            for i, w in enumerate(order):
                self.co[w] |= sum(1 << later for later in order[i + 1:])
        for read, write in sources.items():
            self.rf[write] |= 1 << read
            order = orders.get(events[read].place, [0])
            self.fr[read] |= sum(1 << later for later in order[order.index(write) + 1:])

    def pairs(self, relation):
        return ((i, j) for i, bits in enumerate(relation) for j in range(len(relation)) if bits >> j & 1)


def rc11(x):
    e, sw = x.events, [0] * len(x.events)
    for write, read in x.pairs(x.rf):
        before = [f for f in range(1, write) if x.po[f] >> write & 1 and e[f].order == C_ORDERS['release']]
        after = [f for f in range(read + 1, len(e)) if x.po[read] >> f & 1 and e[f].order == C_ORDERS['acquire']]
        for i in before + [write] * (e[write].order == 'release'):
            for j in after + [read] * (e[read].order == 'acquire'):
                sw[i] |= 1 << j
    hb, eco = closure(union(x.po, sw)), closure(union(x.rf, x.co, x.fr))
    coherent = not any(eco[j] >> i & 1 for i, j in x.pairs(hb))
    return coherent and acyclic(hb) and acyclic(union(x.po, x.rf))


def machine(x):
    e = x.events
    same, ordered, external = [0] * len(e), [0] * len(e), union(x.rf, x.co, x.fr)
    for i, j in x.pairs(x.po):
        if 'F' in (e[i].kind, e[j].kind) or i == 0:
            continue
        if e[i].place == e[j].place:
            same[i] |= 1 << j
        fences = (e[k].order for k in range(i + 1, j) if e[k].kind == 'F')
        fenced = any(e[i].kind in before and e[j].kind in after for before, after in fences)
        if fenced or e[i].order == 'acquire' or e[j].order == 'release':
            ordered[i] |= 1 << j
    coherent = acyclic(union(same, external))
    for i, j in list(x.pairs(external)):
        if e[i].thread == e[j].thread:
            external[i] &= ~(1 << j)
    return coherent and acyclic(union(ordered, external))


def reached(litmus, threads):
    """Is there an execution of `threads` that the model allows and the condition describes?"""
    events = [Event(-1, 'W', None, 0)] + [e for t in threads for e in t]
    writes, reads = {}, [i for i, e in enumerate(events) if e.kind == 'R']
    for i, e in enumerate(events):
        if e.kind == 'W' and i:
            writes.setdefault(e.place, []).append(i)
    orders = [[p for p in itertools.permutations(w)
               if all(events[a].thread != events[b].thread or a < b for a, b in itertools.combinations(p, 2))]
              for w in writes.values()]
    for chosen in itertools.product(*orders):
        order = {place: [0, *p] for place, p in zip(writes, chosen)}
        for sources in itertools.product(*([0, *writes.get(events[r].place, [])] for r in reads)):
            values = {(events[r].thread, events[r].register): events[s].value for r, s in zip(reads, sources)}
            if litmus.bad(values):
                x = Execution(events, dict(zip(reads, sources)), order)
                if (rc11 if litmus.machine == 'C' else machine)(x):
                    return True
    return False


def mutants(litmus):
    """(thread, index, threads without the order that this event gives)"""
    for t, thread in enumerate(litmus.threads):
        for i, event in enumerate(thread):
            if event.order:
                weaker = event.weaker()
                changed = thread[:i] + ([weaker] if weaker else []) + thread[i + 1:]
                yield t, i, litmus.threads[:t] + [changed] + litmus.threads[t + 1:]
