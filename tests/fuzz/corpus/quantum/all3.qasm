OPENQASM 3.0;
include "stdgates.inc";
const int[32] n = 3;
input angle[20] theta;
output bit[3] r;
qubit[n] q;
qubit a;
bit[n] c = "010";
array[int[8], 2, 2] m = {{1, 2}, {3, 4}};
gate g(x) s, t { ctrl @ rx(x / 2) s, t; inv @ pow(2) @ s t; gphase(-x); }
def f(qubit z, mutable array[int[8], #dim=2] k) -> bit { k[0, 1] += 1; h z; return measure z; }
extern e(int[8]) -> float[64];
for uint i in [0:2:n - 1] { g(pi * i) q[i], a; }
while (c != 0) { c[0] = f(a, m); c >>= 1; if (c[1] == 1) break; else continue; }
switch (m[1][0]) { case 1, 3 { z q; } default { barrier q; } }
let p = q[{0, 2}] ++ a;
delay[100ns] p;
box { nop a; }
reset a;
r = measure q;
negctrl(2) @ x q[0], q[1], a;
float[64] v = sin(π / 2) ** 2 - 1.5e-3;
complex[float[64]] w = 2 + 3im;
end;
