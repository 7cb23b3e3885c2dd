// Writes what Go knows about letters, digits and printable characters, or about upper
// and lower case. By hand, when the tables should follow a newer Unicode:
//
//	go run ./unicode classes >../../../reconciler/core/template/unicode_classes.cc
//	go run ./unicode cases >../../../reconciler/core/template/unicode_cases.cc
//
// and clang-format after that.
package main

import (
	"bufio"
	"fmt"
	"os"
	"unicode"
)

type ranges struct{ first, last rune }

// ASCII is left out: the code answers for it without a table.
func where(is func(rune) bool) []ranges {
	var found []ranges
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !is(r) {
			continue
		}
		if n := len(found); n > 0 && found[n-1].last == r-1 {
			found[n-1].last = r
		} else {
			found = append(found, ranges{r, r})
		}
	}
	return found
}

type shift struct{ first, last, stride, delta rune }

func shifts(to func(rune) rune) []shift {
	var found []shift
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		delta := to(r) - r
		if delta == 0 {
			continue
		}
		if n := len(found); n > 0 && found[n-1].delta == delta {
			last := &found[n-1]
			step := r - last.last
			if step <= 2 && (last.first == last.last || last.stride == step) {
				last.stride, last.last = step, r
				continue
			}
		}
		found = append(found, shift{r, r, 1, delta})
	}
	return found
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintf(out, "// Made by tests/golden/template/unicode from Go's tables (Unicode %s); do not edit.\n", unicode.Version)
	fmt.Fprint(out, "#include \"reconciler/core/template/unicode.h\"\n\nnamespace maand::tpl {\n\n")
	printRanges := func(name string, list []ranges) {
		fmt.Fprintf(out, "const RuneRange %s[] = {", name)
		for _, r := range list {
			fmt.Fprintf(out, "{0x%x, 0x%x}, ", r.first, r.last)
		}
		fmt.Fprintf(out, "};\nconst std::size_t %sCount = %d;\n\n", name, len(list))
	}
	printShifts := func(name string, list []shift) {
		fmt.Fprintf(out, "const CaseShift %s[] = {", name)
		for _, s := range list {
			fmt.Fprintf(out, "{0x%x, 0x%x, %d, %d}, ", s.first, s.last, s.stride, s.delta)
		}
		fmt.Fprintf(out, "};\nconst std::size_t %sCount = %d;\n\n", name, len(list))
	}
	if len(os.Args) > 1 && os.Args[1] == "cases" {
		printShifts("kToUpper", shifts(unicode.ToUpper))
		printShifts("kToLower", shifts(unicode.ToLower))
	} else {
		printRanges("kLetters", where(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }))
		printRanges("kPrintable", where(unicode.IsPrint))
	}
	fmt.Fprint(out, "}  // namespace maand::tpl\n")
}
