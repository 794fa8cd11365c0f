# SPDX-License-Identifier: MIT
# gdb, attached to tests/host/tools/calls.c: steps into each function of the image, and through it by instruction.
# Owns: one line of output for each function: its name, instructions, and how many of them had another backtrace than main,
# call_all and the functions of the image above, or another register of call_all's than before the call.
# Never: uses anything but gdb's own unwinder.
import gdb

FUNCTIONS = ["clock_gettime", "clock_getres", "gettimeofday", "time", "getcpu"]
SAVED = ["rip", "rsp", "rbx", "rbp", "r12", "r13", "r14", "r15"]


def frames():
    frame = gdb.newest_frame()
    while frame is not None and frame.is_valid():
        yield frame
        frame = frame.older()


def registers(frame):
    return [int(frame.read_register(name)) & (1 << 64) - 1 for name in SAVED]


def caller():
    return next((frame for frame in frames() if frame.name() == "call_all"), None)


for setting in ("pagination off", "confirm off", "step-mode on"):
    gdb.execute("set " + setting)
gdb.Breakpoint("call_all", temporary=True)
gdb.execute("continue", to_string=True)
for function in FUNCTIONS:
    while gdb.newest_frame().name() == "call_all":
        gdb.execute("step", to_string=True)
    name = gdb.newest_frame().name() or "?"
    before = registers(caller())
    instructions = wrong = 0
    while gdb.newest_frame().name() != "call_all":
        names = [frame.name() for frame in frames()]
        at = names.index("call_all") if "call_all" in names else 0
        if at == 0 or names[at + 1 :] != ["main"] or None in names[:at] or registers(caller()) != before:
            wrong += 1
            print(f"# {name}: {names}")
        instructions += 1
        if instructions > 1000:
            break
        gdb.execute("stepi", to_string=True)
    print(f"{function}: {name} {instructions} instructions, {wrong} wrong")
gdb.execute("break __vdso_time")
gdb.execute("continue", to_string=True)
print("break: " + (gdb.newest_frame().name() or "?"))
gdb.execute("finish", to_string=True)
print("finish: " + (gdb.newest_frame().name() or "?"))
gdb.execute("detach")
