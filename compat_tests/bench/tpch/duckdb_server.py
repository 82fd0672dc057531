import json, sys, time
import duckdb

def peak():
    mb = 0
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            mb = int(line.split()[1]) // 1024
    open("/proc/self/clear_refs", "w").write("5")
    return mb

db = duckdb.connect(sys.argv[1])
db.execute("SET enable_progress_bar = false") # it would be written between the answers
for line in sys.stdin:
    answer = {}
    try:
        begin = time.perf_counter()
        rows = db.execute(json.loads(line)).fetchall()
        answer["Seconds"] = time.perf_counter() - begin
        answer["Rows"] = ["|".join("NULL" if v is None else str(v) for v in row) for row in rows]
        answer["PeakMB"] = peak()
    except Exception as e:
        answer["Error"] = str(e)
    print(json.dumps(answer))
