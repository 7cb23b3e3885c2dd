module maand.example/template-vectors

go 1.24
