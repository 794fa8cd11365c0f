# SPDX-License-Identifier: MIT
# What each machine's instructions do to the stack pointer, the registers that a
# function keeps for its caller, and the return address.
# Owns: that knowledge, and State.
# Relies on: the spellings of llvm-objdump-19 and llvm-dwarfdump-19.
# Never: guesses. What it can't follow is Unknown, or makes the destination unknown.
import re


class Unknown(Exception):
    pass


class State:
    """Registers, and memory by distance from sp at entry: ('sp', n) is sp at entry + n; ('in', r) what r held at entry."""

    def __init__(self, registers, memory):
        self.registers, self.memory = dict(registers), dict(memory)

    def copy(self):
        return State(self.registers, self.memory)

    def same(self, other):
        return self.registers == other.registers and self.memory == other.memory

    def merge(self, other):
        return State(self.registers.items() & other.registers.items(), self.memory.items() & other.memory.items())

    def set(self, register, value):
        if value is None:
            self.registers.pop(register, None)
        else:
            self.registers[register] = value

    def move_sp(self, sp, to, red_zone=0):
        """What lies below the stack pointer after it went up is gone: a signal's frame may be there, behind the red zone if there is one."""
        old = self.registers.get(sp)
        if not to or to[0] != 'sp' or not old:
            raise Unknown(f'sp becomes {to}')
        self.registers[sp] = to
        if to[1] > old[1]:
            self.memory = {at: v for at, v in self.memory.items() if at >= to[1] - red_zone}

    def store(self, address, value):
        if not address or address[0] != 'sp':
            return
        self.memory.pop(address[1], None)
        if value:
            self.memory[address[1]] = value

    def load(self, address):
        return self.memory.get(address[1]) if address and address[0] == 'sp' else None


def plus(value, n):
    return ('sp', value[1] + n) if value and value[0] == 'sp' else value if n == 0 else None


class Machine:
    cfa = 0  # what the frame address is, from sp at entry
    signal_pc = None
    objdump = []

    def operands(self, text):
        return [o.strip() for o in re.split(r',(?![^(\[]*[)\]])', text)] if text.strip() else []

    def entry_state(self):
        return State({self.sp: ('sp', 0), **{r: ('in', r) for r in [*self.saved, self.ra]}}, {})

    def left_clean(self, state):
        return state.registers.get(self.sp) == ('sp', 0) and \
            all(state.registers.get(r) == ('in', r) for r in [*self.saved, self.ra])

    def assign(self, state, register, value):
        if register == self.sp:
            state.move_sp(self.sp, value)
        else:
            state.set(register, value)

    def after_call(self, state):
        for r in list(state.registers):
            if r not in self.saved and r != self.sp:
                del state.registers[r]


class Risc(Machine):
    """riscv64 and loongarch64: loads, stores and additions of a constant, and the first operand is the destination."""

    def step(self, at, mn, ops, state):
        ops = [self.name(o) for o in ops]
        if mn in self.returns or (mn in self.jumps and not re.fullmatch(self.number, ops[-1])):
            return [None], False
        if mn in self.jumps:
            return [self.target(at, ops[-1])], False
        if mn in self.calls:
            self.after_call(state)
            return [], True
        if re.fullmatch(self.branches, mn):
            return [self.target(at, ops[-1])], True
        address = self.address(ops, state)
        if mn in self.stores:
            state.store(address, state.registers.get(ops[0]))
        elif re.fullmatch(self.no_destination, mn):
            state.store(address, None)
        elif mn in self.loads:
            self.assign(state, ops[0], state.load(address))
        elif mn in self.moves:
            self.assign(state, ops[0], state.registers.get(ops[1]))
        elif mn in self.adds and re.fullmatch(self.number, ops[2]):
            self.assign(state, ops[0], plus(state.registers.get(ops[1]), int(ops[2], 0)))
        elif ops:
            self.assign(state, ops[0], None)
        else:
            raise Unknown(mn)
        return [], True


class Riscv64(Risc):
    sp, ra, saved = 'X2', 'X1', ['X8', 'X9', *(f'X{n}' for n in range(18, 28))]
    signal_pc = 'reg64'
    objdump = ['-M', 'numeric', '--mattr=+m,+a,+c'] # the image does not name its extensions
    number = r'-?0x[0-9a-f]+|-?\d+'
    returns, jumps, calls = ['ret'], ['j', 'jr'], ['jal', 'jalr', 'call']
    branches = r'b[a-z]+'
    stores, loads, moves, adds = ['sd'], ['ld'], ['mv'], ['addi']
    no_destination = r's[bhwd]|fs[wd]|fence.*|ecall|ebreak|nop|unimp'

    def name(self, operand):
        return operand.upper() if re.fullmatch(r'x\d+', operand) else operand

    def target(self, at, operand):
        return int(operand, 0)

    def address(self, ops, state):
        found = re.fullmatch(r'(-?(?:0x)?[0-9a-f]+)?\((x\d+)\)', ops[-1]) if ops else None
        return plus(state.registers.get(found[2].upper()), int(found[1] or '0', 0)) if found else None


class Loongarch64(Risc):
    sp, ra, saved = 'R3', 'R1', [f'R{n}' for n in range(22, 32)]
    signal_pc = 'reg64'
    objdump = ['-M', 'numeric']
    number = r'-?0x[0-9a-f]+|-?\d+'
    returns, jumps, calls = ['ret'], ['b', 'jr'], ['bl']
    branches = r'b[a-z]+'
    stores, loads, moves, adds = ['st.d', 'stptr.d'], ['ld.d', 'ldptr.d'], ['move'], ['addi.d']
    no_destination = r'st(ptr|x)?\.[bhwd]|fst\.[sd]|[di]bar|syscall|break|nop'

    def step(self, at, mn, ops, state):
        if mn == 'jirl':
            raise Unknown('jirl')
        return super().step(at, mn, ops, state)

    def name(self, operand):
        return operand[1:].upper() if re.fullmatch(r'\$r\d+', operand) else operand

    def target(self, at, operand):
        return at + int(operand, 0)

    def address(self, ops, state):
        if len(ops) == 3 and re.fullmatch(self.number, ops[2]):
            return plus(state.registers.get(ops[1]), int(ops[2], 0))
        return None


class Aarch64(Machine):
    sp, ra, saved = 'WSP', 'W30', [f'W{n}' for n in range(19, 30)]
    signal_pc = 'reg32'

    def name(self, operand):
        return {'sp': 'WSP', 'wsp': 'WSP'}.get(operand) or \
            ('W' + operand[1:] if re.fullmatch(r'[xw]\d+', operand) else operand)

    def step(self, at, mn, ops, state):
        ops = [self.name(o) for o in ops]
        if mn in ('ret', 'br'):
            return [None], False
        if mn in ('bl', 'blr'):
            self.after_call(state)
            return [], True
        if mn == 'b':
            return [int(ops[0], 0)], False
        if re.fullmatch(r'b\.\w+|cbn?z|tbn?z', mn):
            return [int(ops[-1], 0)], True
        if re.fullmatch(r'pac.*|aut.*|xpac.*', mn):
            raise Unknown('a signed return address')
        memory = [i for i, o in enumerate(ops) if o.startswith('[')]
        if memory:
            self.access(mn, ops, memory[0], state)
        elif re.fullmatch(r'cmp|cmn|tst|fcmp|ccmp|ccmn|svc|brk|udf|dmb|dsb|isb|nop|bti|hint|prfm', mn):
            pass
        elif mn == 'mov' and ops[1] in state.registers:
            self.assign(state, ops[0], state.registers[ops[1]])
        elif mn in ('add', 'sub') and re.fullmatch(r'#(0x[0-9a-f]+|\d+)', ops[2]) and len(ops) == 3:
            n = int(ops[2][1:], 0)
            self.assign(state, ops[0], plus(state.registers.get(ops[1]), n if mn == 'add' else -n))
        else:
            self.assign(state, ops[0], None)
        return [], True

    def access(self, mn, ops, where, state):
        """ldr, str, ldp, stp and their kin, with an offset, before or after."""
        inside = re.fullmatch(r'\[(\w+)(?:, #(-?(?:0x)?[0-9a-f]+))?\](!?)', ops[where])
        base = self.name(inside[1]) if inside else self.name(re.match(r'\[(\w+)', ops[where])[1])
        offset = int(inside[2] or '0', 0) if inside else None
        after = int(ops[where + 1][1:], 0) if len(ops) > where + 1 else None
        start = state.registers.get(base)
        address = plus(start, offset) if inside else None
        if (inside and inside[3]) and base == self.sp:
            self.assign(state, base, address)
        elif ((inside and inside[3]) or after is not None) and base != self.sp:
            state.set(base, None)
        registers = ops[:where]
        whole = mn in ('ldr', 'str', 'ldp', 'stp', 'ldur', 'stur') and all(re.fullmatch(r'W\d+', r) for r in registers)
        for i, register in enumerate(registers):
            place = plus(address, 8 * i)
            if mn.startswith('st'):
                state.store(place, state.registers.get(register) if whole else None)
            else:
                self.assign(state, register, state.load(place) if whole else None)
        if after is not None and base == self.sp:
            self.assign(state, base, plus(start, after))


class X86(Machine):
    sp, ra, saved, cfa = 'RSP', 'RIP', ['RBX', 'RBP', 'R12', 'R13', 'R14', 'R15'], 8
    parts = {'RSP': 'rsp esp sp spl', 'RBX': 'rbx ebx bx bl bh', 'RBP': 'rbp ebp bp bpl',
             **{f'R{n}': f'r{n} r{n}d r{n}w r{n}b' for n in range(12, 16)}}
    whole = {f'%{p.split()[0]}': r for r, p in parts.items()}
    any_part = {f'%{p}': r for r, ps in parts.items() for p in ps.split()}

    def entry_state(self):
        state = super().entry_state()
        del state.registers['RIP']
        state.memory[0] = ('in', 'RIP')
        return state

    def left_clean(self, state):
        return state.registers.get('RSP') == ('sp', 0) and state.memory.get(0) == ('in', 'RIP') and \
            all(state.registers.get(r) == ('in', r) for r in self.saved)

    def address(self, operand, state):
        found = re.fullmatch(r'(-?0x[0-9a-f]+)?\((%\w+)\)', operand)
        return plus(state.registers.get(self.whole.get(found[2])), int(found[1] or '0', 0)) if found else None

    def step(self, at, mn, ops, state):
        registers = state.registers
        if mn.startswith('ret'):
            return [None], False
        if mn.startswith('jmp'):
            return [int(ops[0], 0) if ops[0].startswith('0x') else None], False
        if mn.startswith('j'):
            return [int(ops[0], 0)], True
        if mn.startswith('call'):
            self.after_call(state)
        elif mn == 'pushq':
            state.move_sp('RSP', plus(registers['RSP'], -8))
            state.store(registers['RSP'], registers.get(self.whole.get(ops[0])))
        elif mn == 'popq':
            value = state.load(registers['RSP'])
            if ops[0] in self.whole:
                state.set(self.whole[ops[0]], value)
            state.move_sp('RSP', plus(registers['RSP'], 8), 128) # the psABI's
        elif mn in ('addq', 'subq') and ops[1] == '%rsp' and ops[0].startswith('$'):
            n = int(ops[0][1:], 0)
            state.move_sp('RSP', plus(registers['RSP'], n if mn == 'addq' else -n))
        elif mn == 'movq' and ops[1].endswith(')'):
            state.store(self.address(ops[1], state), registers.get(self.whole.get(ops[0])))
        elif mn in ('movq', 'leaq') and ops[1] in self.whole:
            address = self.address(ops[0], state)
            value = registers.get(self.whole.get(ops[0])) if ops[0].startswith('%') else \
                address if mn == 'leaq' else state.load(address)
            self.assign(state, self.whole[ops[1]], value)
        elif re.match(r'leave|enter|cpuid|xchg|cmpxchg|xadd|xsave|int\b', mn):
            raise Unknown(mn)
        elif ops and not re.match(r'cmp|test|bt[lqw]?$|nop|push', mn):
            if ops[-1] in self.any_part:
                self.assign(state, self.any_part[ops[-1]], None)
            state.store(self.address(ops[-1], state), None)
        return [], True


MACHINES = {'x86_64': X86(), 'riscv64': Riscv64(), 'aarch64': Aarch64(), 'loongarch64': Loongarch64()}
