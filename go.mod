module andon

go 1.26
