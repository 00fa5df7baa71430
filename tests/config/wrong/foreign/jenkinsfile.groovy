@Library('shared') _

pipeline {
    agent { label 'linux && docker' }
    options {
        timeout(time: 1, unit: 'HOURS')
        disableConcurrentBuilds()
    }
    triggers { cron('H 3 * * *') }
    parameters {
        string(name: 'VERSION', defaultValue: '', description: 'What to release')
    }
    environment {
        CI = 'true'
    }
    stages {
        stage('Build') {
            steps {
                checkout scm
                sh 'make'
            }
        }
        stage('Test') {
            steps { sh 'make test' }
            post { always { junit 'out/*.xml' } }
        }
        stage('Release') {
            when { branch 'main' }
            steps { sh "./release ${params.VERSION}" }
        }
    }
    post {
        failure { mail to: 'ci@example.org', subject: 'Broken', body: "${env.BUILD_URL}" }
    }
}
