// Renders the templates of cases.txt with Go's own text/template and writes what comes
// out to vectors.txt, which tests/unit/core/template_vectors_test.cc holds against ours.
//
//	go run . cases.txt >vectors.txt
//
// cases.txt: a line is a template; one of several lines stands between `<<<` and `>>>`;
// a line that begins with `# ` is a comment. vectors.txt: a line with the template and a
// line with `ok` and the text, or `parse error` and the line, or `exec error` and line
// and column (from 1, in bytes); all strings as Go quotes them.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"text/template"

	"maand.example/template-vectors/maand"
)

var data = maand.TemplateData{
	AllocationID:   "a-1",
	Job:            "web",
	CurrentVersion: "1.2.3",
	NewVersion:     "1.3.0",
	WorkerData: maand.WorkerData{
		BucketID: "b-1", WorkerID: "w-1", WorkerIP: "10.0.0.7",
		Labels: []string{"db", "worker", "zone-a"}, UpdateSeq: 42,
	},
	BucketPath: "/opt/worker/b-1",
	JobPath:    "/opt/worker/b-1/jobs/web",
}

var values = map[string]map[string]string{
	"maand/bucket": {"name": "prod", "empty": "", "domain": "example.org"},
	"maand/worker": {"ips": "10.0.0.7,10.0.0.8,10.0.0.9", "count": "3"},
	"vars/job/web": {
		"port": "8080", "mem": " 512 ", "float": "2.1e+06", "html": `<a href="x">'&'</a>`,
		"uni": "Grüße, Жук, 世界", "big": "9223372036854775807", "neg": "-5", "yes": "true",
	},
	"secrets/job/web": {"password": "s3cret"},
}

func get(ns, key string) (string, error) {
	of, ok := values[ns]
	if !ok {
		return "", fmt.Errorf("namespace %q may not be read", ns)
	}
	value, ok := of[key]
	if !ok {
		return "", fmt.Errorf("no key %q", key)
	}
	return value, nil
}

var functions = template.FuncMap{
	"get": get,
	"getOptional": func(ns, key string) (string, error) {
		if _, ok := values[ns]; !ok {
			return "", errors.New("denied")
		}
		return values[ns][key], nil
	},
	"getSecret": func(key string) (string, error) { return get("secrets/job/web", key) },
	"keys": func(ns string) ([]string, error) {
		if _, ok := values[ns]; !ok {
			return nil, errors.New("denied")
		}
		found := make([]string, 0, len(values[ns]))
		for key := range values[ns] {
			found = append(found, key)
		}
		sort.Strings(found)
		return found, nil
	},
	"split": strings.Split,
	"trim":  strings.TrimSpace,
	"upper": strings.ToUpper,
	"lower": strings.ToLower,
	"join":  func(list []string, separator string) string { return strings.Join(list, separator) },
	"add":   func(a, b int) int { return a + b },
	"sub":   func(a, b int) int { return a - b },
	"mul":   func(a, b int) int { return a * b },
	"div": func(a, b int) (int, error) {
		if b == 0 {
			return 0, errors.New("division by zero")
		}
		return a / b, nil
	},
	"min": func(a, b int) int { return min(a, b) },
	"max": func(a, b int) int { return max(a, b) },
	"int": func(x any) (int, error) {
		switch x := x.(type) {
		case int:
			return x, nil
		case int64:
			return int(x), nil
		case string:
			return strconv.Atoi(strings.TrimSpace(x))
		}
		return 0, fmt.Errorf("cannot make an int of %T", x)
	},
	"scrapeConfigs": func() string { return "\n  - job_name: web" },
	"ruleFiles":     func() string { return "rule_files:\n  - rules/web/a.yaml\n" },
}

var place = regexp.MustCompile(`^template: template:(\d+):(?:(\d+):)?`)

func result(text string) string {
	parsed, err := template.New("template").Funcs(functions).Parse(text)
	if err != nil {
		return "parse error " + place.FindStringSubmatch(err.Error())[1]
	}
	var out strings.Builder
	if err := parsed.Execute(&out, data); err != nil {
		at := place.FindStringSubmatch(err.Error())
		column, _ := strconv.Atoi(at[2])
		return fmt.Sprintf("exec error %s:%d", at[1], column+1)
	}
	return "ok " + strconv.Quote(out.String())
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer file.Close()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	var block []string
	within := false
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case within && line == ">>>":
			within = false
			line = strings.Join(block, "\n")
		case within:
			block = append(block, line)
			continue
		case line == "<<<":
			within, block = true, nil
			continue
		case line == "" || strings.HasPrefix(line, "# "):
			continue
		}
		fmt.Fprintf(out, "%s\n%s\n", strconv.Quote(line), result(line))
	}
}
