OPENQASM 3.0;
defcal rz(angle[20] t) $0 { play }
@mark me
bit b = measure $1;
cx $0, $1;
