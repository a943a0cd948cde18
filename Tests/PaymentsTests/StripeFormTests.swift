import Payments
import Testing

@Suite("Forms as Stripe reads them") struct StripeFormTests {
    @Test(
        "are written with brackets, in order",
        arguments: [
            ([:], ""),
            (["a": "b"], "a=b"),
            (["b": "1", "a": "2"], "b=1&a=2"),
            (["name": "Ada & Bob=1"], "name=Ada%20%26%20Bob%3D1"),
            (["name": "Zoë"], "name=Zo%C3%AB"),
            (["description": ""], "description="),
            (["metadata": .form(["k": "v", "k2": "w"])], "metadata[k]=v&metadata[k2]=w"),
            (["metadata": .form(["a b": "v"])], "metadata[a%20b]=v"),
            (["expand": ["payments", "customer"]], "expand[0]=payments&expand[1]=customer"),
            (
                ["lines": .list([.form(["amount": "-5", "period": .form(["start": "1"])])])],
                "lines[0][amount]=-5&lines[0][period][start]=1"
            ),
            (["email": "a+b@example.com"], "email=a%2Bb%40example.com"),
        ] as [(StripeForm, String)])
    func encode(form: StripeForm, text: String) {
        #expect(form.encoded == text)
    }
}
