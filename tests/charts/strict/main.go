// Reads manifests from stdin, each document strictly into the type that a cluster has for it: a
// field that is misspelt or in the wrong place, or a value of the wrong type, is told.
//
// Kinds that only an operator knows are left to structure_test.py; it is told which those were.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	documents "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

var kinds = map[string]func() any{
	"apps/v1 Deployment":                 func() any { return &appsv1.Deployment{} },
	"apps/v1 StatefulSet":                func() any { return &appsv1.StatefulSet{} },
	"networking.k8s.io/v1 Ingress":       func() any { return &networkingv1.Ingress{} },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return &networkingv1.NetworkPolicy{} },
	"policy/v1 PodDisruptionBudget":      func() any { return &policyv1.PodDisruptionBudget{} },
	"v1 ConfigMap":                       func() any { return &corev1.ConfigMap{} },
	"v1 PersistentVolumeClaim":           func() any { return &corev1.PersistentVolumeClaim{} },
	"v1 Service":                         func() any { return &corev1.Service{} },
	"v1 ServiceAccount":                  func() any { return &corev1.ServiceAccount{} },
}

func main() {
	reader := documents.NewYAMLReader(bufio.NewReader(os.Stdin))
	checked, unknown, wrong := 0, 0, 0
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var about metav1.TypeMeta
		if err == nil {
			err = yaml.Unmarshal(document, &about)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if about.Kind == "" {
			continue
		}
		kind := about.APIVersion + " " + about.Kind
		make, known := kinds[kind]
		if !known {
			fmt.Println("not looked at:", kind)
			unknown++
			continue
		}
		checked++
		if err := yaml.UnmarshalStrict(document, make()); err != nil {
			fmt.Printf("%s: %v\n", kind, err)
			wrong++
		}
	}
	fmt.Printf("%d checked, %d not looked at, %d wrong\n", checked, unknown, wrong)
	if wrong > 0 || checked == 0 {
		os.Exit(1)
	}
}
