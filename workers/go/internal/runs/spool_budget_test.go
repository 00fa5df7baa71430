package runs

import "testing"

// Running commands have equal shares of what ended runs leave of the budget, and are notified when these change.
func TestSharesAreEqual(t *testing.T) {
	const limit = 64 << 20
	budget := NewSpoolBudget(limit, 4)
	first := budget.acquire()
	if first.bytes() != limit {
		t.Errorf("alone: %d", first.bytes())
	}
	var heard []int64
	first.onResize(func(bytes int64) { heard = append(heard, bytes) })
	second := budget.acquire()
	budget.count(10<<20, false)
	budget.endRun(10 << 20)
	third := budget.acquire()
	second.release()
	third.release()
	left := int64(limit - 10<<20)
	want := []int64{limit / 2, left / 3, left / 2, left}
	for i, each := range want {
		if len(heard) != len(want) || heard[i] != each {
			t.Fatalf("%v instead of %v", heard, want)
		}
	}
	if budget.Used() != 10<<20 {
		t.Errorf("%d bytes are used", budget.Used())
	}
}

// However full the disk is, a segment fits into a share. Several fit if the worker runs as many commands as it may.
func TestSharesHaveRoomForSegments(t *testing.T) {
	budget := NewSpoolBudget(64<<20, 4)
	if bytes := budget.segmentBytes(); bytes != 64<<20/4/segmentsPerShare {
		t.Errorf("segments of %d bytes", bytes)
	}
	budget.count(64<<20, true)
	if share := budget.acquire(); share.bytes() != budget.segmentBytes() {
		t.Errorf("a share of %d bytes", share.bytes())
	}
	if bytes := NewSpoolBudget(1<<20, 1000).segmentBytes(); bytes != minSegmentBytes {
		t.Errorf("small: %d", bytes)
	}
	if bytes := NewSpoolBudget(1<<40, 1).segmentBytes(); bytes != maxSegmentBytes {
		t.Errorf("large: %d", bytes)
	}
}
