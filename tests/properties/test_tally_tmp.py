import sys, time, collections, pytest, os
from hypothesis import Phase, settings
from tests.properties import test_commerce_machine as t, commerce_run as r
C = collections.Counter(); TT = collections.Counter()
orig = r.Run._refusable
SK=("act","_refusable","_grant","ref","_arrives","_look")
LAST=[]
def ref(self, call):
    f = sys._getframe(1)
    while f.f_code.co_name in SK: f = f.f_back
    n0=len(self.told); s=time.monotonic()
    try: return orig(self, call)
    finally:
        TT[f.f_code.co_name]+=time.monotonic()-s
        C[(f.f_code.co_name, "ok" if len(self.told)==n0 else self.told[-1])]+=1
r.Run._refusable = ref
oc = r.Run.check
def chk(self):
    s=time.monotonic(); oc(self); TT["CHECK"]+=time.monotonic()-s; C[("CHECK","")]+=1
r.Run.check = chk
kw={}
if os.environ.get("NOSHRINK"): kw["phases"]=[Phase.generate]
if os.environ.get("EX"): kw["max_examples"]=int(os.environ["EX"])
if os.environ.get("STEPS"): kw["stateful_step_count"]=int(os.environ["STEPS"])
t.RUNS = settings(t.RUNS, **kw)
from tests.properties.test_commerce_machine import floor
def test_it(floor):
    t.run_state_machine_as_test(lambda: t.Commerce(floor), settings=t.RUNS)
@pytest.fixture(autouse=True, scope="module")
def show():
    yield
    sys.__stderr__.write("\n".join(f"{k[0]:45} {k[1]:28} {v}" for k,v in sorted(C.items()))+"\n")
    sys.__stderr__.write("\n".join(f"{k:45} {v:.2f}" for k,v in TT.most_common(6))+"\n")
