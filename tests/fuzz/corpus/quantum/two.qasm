OPENQASM 2.0;
include "qelib1.inc";
gate my(a,b) x,y { u3(a,b^2,-pi/4) x; cx x,y; barrier x,y; }
opaque o(t) q;
qreg q[3]; creg c[3];
my(0.1,sin(2)) q[0],q[1];
measure q -> c;
if(c==5) x q[2];
reset q;
