/** The editor shows this text for a project without services. */
export const EMPTY_MANIFEST = `# The services of this project. "Preview" shows what would change before anything does.
services: []
#  - name: site
#    health_method: http
#    health_url: http://localhost:8080/health
#    health_interval: 30
#    depends_on: [db]
#  - name: db
#    health_method: postgres
#    health_url: postgres://localhost:5432/app
`;
