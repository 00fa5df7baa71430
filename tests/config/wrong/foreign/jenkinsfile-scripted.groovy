node('linux') {
    stage('Test') {
        checkout scm
        sh 'make test'
    }
}
