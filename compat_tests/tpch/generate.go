package tpch

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// Tables are the names of the tables in an order in which they can be loaded.
var Tables = []string{"region", "nation", "supplier", "part", "partsupp", "customer", "orders", "lineitem"}

// Scale is a scale factor with the sizes that follow from it.
type Scale struct {
	Factor                             float64
	Suppliers, Parts, Customers, Order int
	Clerks                             int
}

// At gives the sizes of a scale factor.
func At(factor float64) Scale {
	n := func(at1 int) int { return max(1, int(float64(at1)*factor+0.5)) }
	return Scale{Factor: factor, Suppliers: n(10000), Parts: n(200000), Customers: n(150000), Order: n(1500000), Clerks: n(1000)}
}

// The days of clause 4.2.3, as days since 1992-01-01.
var (
	startDate   = time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC)
	orderDays   = day(1998, 12, 31) - 151 + 1
	currentDate = day(1995, 6, 17)
	dates       = allDates()
)

func day(y int, m time.Month, d int) int {
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Sub(startDate) / (24 * time.Hour))
}

func allDates() []string {
	out := make([]string, day(1999, 12, 31))
	for i := range out {
		out[i] = startDate.AddDate(0, 0, i).Format(time.DateOnly)
	}
	return out
}

// line builds rows of fields separated by bars, which is what COPY reads with DELIMITER '|'.
type line struct {
	b []byte
	r *rand.Rand
}

func (l *line) end()          { l.b[len(l.b)-1] = '\n' }
func (l *line) text(s string) { l.b = append(append(l.b, s...), '|') }
func (l *line) int(n int)     { l.b = append(strconv.AppendInt(l.b, int64(n), 10), '|') }

// cents writes an amount of hundredths.
func (l *line) cents(n int) {
	if n < 0 {
		l.b = append(l.b, '-')
		n = -n
	}
	l.b = strconv.AppendInt(l.b, int64(n/100), 10)
	l.b = append(l.b, '.', byte('0'+n/10%10), byte('0'+n%10), '|')
}

func (l *line) comment(low, high int) { l.b = append(comment(l.r, l.b, low, high), '|') }
func (l *line) address()              { l.b = append(address(l.r, l.b), '|') }

func (l *line) phone(nation int) {
	l.b = fmt.Appendf(l.b, "%d-%03d-%03d-%04d|", nation+10, 100+l.r.IntN(900), 100+l.r.IntN(900), 1000+l.r.IntN(9000))
}

func (l *line) pick(words []string) { l.text(words[l.r.IntN(len(words))]) }

func (l *line) between(low, high int) int { return low + l.r.IntN(high-low+1) }

// Write generates a table.
func (s Scale) Write(table string, to io.Writer) error {
	rows := map[string]func(*bufio.Writer){
		"region": s.regions, "nation": s.nations, "supplier": s.suppliers, "part": s.parts, "partsupp": s.partSuppliers, "customer": s.customers,
		"orders":   func(w *bufio.Writer) { s.orders(w, nil) },
		"lineitem": func(w *bufio.Writer) { s.orders(nil, w) },
	}[table]
	if rows == nil {
		return fmt.Errorf("tpch: there is no table %q", table)
	}
	w := bufio.NewWriterSize(to, 256<<10)
	rows(w)
	return w.Flush()
}

// seeded is the source of random numbers of one row: every row has its own, so that orders and their lines agree when generated apart.
func seeded(table, key uint64) *rand.Rand { return rand.New(rand.NewPCG(table<<40|key, 4217)) }

func (s Scale) regions(w *bufio.Writer) {
	for i, name := range regions {
		l := line{r: seeded(1, uint64(i))}
		l.int(i)
		l.text(name)
		l.comment(31, 115)
		l.end()
		w.Write(l.b)
	}
}

func (s Scale) nations(w *bufio.Writer) {
	for i, n := range nations {
		l := line{r: seeded(2, uint64(i))}
		l.int(i)
		l.text(n.name)
		l.int(n.region)
		l.comment(31, 114)
		l.end()
		w.Write(l.b)
	}
}

// suppliers: of 10,000, five have complaints and five recommendations in their comments.
func (s Scale) suppliers(w *bufio.Writer) {
	noted := max(1, s.Suppliers/2000)
	marks := make(map[int]string)
	r := seeded(3, 0)
	for _, mark := range []string{"Complaints", "Recommends"} {
		for n := 0; n < noted; {
			if at := 1 + r.IntN(s.Suppliers); marks[at] == "" {
				marks[at] = mark
				n++
			}
		}
	}
	for i := 1; i <= s.Suppliers; i++ {
		l := line{r: seeded(3, uint64(i))}
		nation := l.r.IntN(len(nations))
		l.int(i)
		l.text(fmt.Sprintf("Supplier#%09d", i))
		l.address()
		l.int(nation)
		l.phone(nation)
		l.cents(l.between(-99999, 999999))
		from := len(l.b)
		l.comment(25, 100)
		if mark := marks[i]; mark != "" { // somewhere in the comment, with other text between
			text := l.b[from:]
			copy(text, "Customer")
			copy(text[len(text)-1-len(mark):], mark)
		}
		l.end()
		w.Write(l.b)
	}
}

// retailPrice in cents, clause 4.2.3.
func retailPrice(part int) int { return 90000 + part/10%20001 + 100*(part%1000) }

func (s Scale) parts(w *bufio.Writer) {
	for i := 1; i <= s.Parts; i++ {
		l := line{r: seeded(4, uint64(i))}
		l.int(i)
		var at [5]int
		for n := 0; n < len(at); n++ {
		again:
			at[n] = l.r.IntN(len(colors))
			for _, before := range at[:n] {
				if before == at[n] {
					goto again
				}
			}
			if n > 0 {
				l.b = append(l.b, ' ')
			}
			l.b = append(l.b, colors[at[n]]...)
		}
		l.b = append(l.b, '|')
		maker := l.between(1, 5)
		l.text(fmt.Sprintf("Manufacturer#%d", maker))
		l.text(fmt.Sprintf("Brand#%d%d", maker, l.between(1, 5)))
		l.text(typeSizes[l.r.IntN(6)] + " " + typeFinishes[l.r.IntN(5)] + " " + typeMetals[l.r.IntN(5)])
		l.int(l.between(1, 50))
		l.text(containers[l.r.IntN(5)] + " " + containerKind[l.r.IntN(8)])
		l.cents(retailPrice(i))
		l.comment(5, 22)
		l.end()
		w.Write(l.b)
	}
}

// supplierOf is the i-th (0 to 3) of the suppliers of a part.
func (s Scale) supplierOf(part, i int) int {
	return (part+i*(s.Suppliers/4+(part-1)/s.Suppliers))%s.Suppliers + 1
}

func (s Scale) partSuppliers(w *bufio.Writer) {
	for part := 1; part <= s.Parts; part++ {
		l := line{r: seeded(5, uint64(part))}
		for i := range 4 {
			l.int(part)
			l.int(s.supplierOf(part, i))
			l.int(l.between(1, 9999))
			l.cents(l.between(100, 100000))
			l.comment(49, 198)
			l.end()
		}
		w.Write(l.b)
	}
}

func (s Scale) customers(w *bufio.Writer) {
	for i := 1; i <= s.Customers; i++ {
		l := line{r: seeded(6, uint64(i))}
		nation := l.r.IntN(len(nations))
		l.int(i)
		l.text(fmt.Sprintf("Customer#%09d", i))
		l.address()
		l.int(nation)
		l.phone(nation)
		l.cents(l.between(-99999, 999999))
		l.pick(segments)
		l.comment(29, 116)
		l.end()
		w.Write(l.b)
	}
}

// orders writes the orders, the lines, or both.
func (s Scale) orders(orders, lines *bufio.Writer) {
	var o, l line
	for n := range s.Order {
		key := n/8*32 + n%8 + 1 // eight of every 32 keys are used
		r := seeded(7, uint64(key))
		o, l = line{o.b[:0], r}, line{l.b[:0], r}
		customer := o.between(1, s.Customers)
		for customer%3 == 0 && s.Customers > 2 { // a third of the customers have no orders
			customer = o.between(1, s.Customers)
		}
		date := r.IntN(orderDays)
		total, open := 0, 0
		count := o.between(1, 7)
		for i := 1; i <= count; i++ {
			price, isOpen := s.orderLine(&l, key, i, date)
			total += price
			if isOpen {
				open++
			}
		}
		if lines != nil {
			lines.Write(l.b)
		}
		if orders == nil {
			continue
		}
		status := "P"
		if open == 0 {
			status = "F"
		} else if open == count {
			status = "O"
		}
		o.int(key)
		o.int(customer)
		o.text(status)
		o.cents(total)
		o.text(dates[date])
		o.pick(priorities)
		o.text(fmt.Sprintf("Clerk#%09d", o.between(1, s.Clerks)))
		o.int(0)
		o.comment(19, 78)
		o.end()
		orders.Write(o.b)
	}
}

// orderLine writes a line and gives its share of the order's total price in cents, and whether it is still open.
func (s Scale) orderLine(l *line, order, number, date int) (price int, open bool) {
	part := l.between(1, s.Parts)
	supplier := s.supplierOf(part, l.r.IntN(4))
	quantity, discount, tax := l.between(1, 50), l.between(0, 10), l.between(0, 8)
	extended := quantity * retailPrice(part)
	shipped := date + l.between(1, 121)
	committed := date + l.between(30, 90)
	received := shipped + l.between(1, 30)
	l.int(order)
	l.int(part)
	l.int(supplier)
	l.int(number)
	l.cents(quantity * 100)
	l.cents(extended)
	l.cents(discount)
	l.cents(tax)
	switch {
	case received > currentDate:
		l.text("N")
	case l.r.IntN(2) == 0:
		l.text("R")
	default:
		l.text("A")
	}
	open = shipped > currentDate
	if open {
		l.text("O")
	} else {
		l.text("F")
	}
	l.text(dates[shipped])
	l.text(dates[committed])
	l.text(dates[received])
	l.pick(instructions)
	l.pick(shippingModes)
	l.comment(10, 43)
	l.end()
	return extended * (100 + tax) / 100 * (100 - discount) / 100, open
}
